# Each fuzz target for a moment; FUZZ_SECONDS says how long.

about[fuzzing]="each fuzz target, ${FUZZ_SECONDS:-20} seconds"
step_fuzzing() {
  need c++ g++
  if ! cargo fuzz --version >/dev/null 2>&1; then
    PATH="$PWD/target/tools/bin:$PATH"
    cargo fuzz --version >/dev/null 2>&1 || cargo install --locked -q --root target/tools cargo-fuzz
  fi
  local target dictionary log runs
  for target in $(cargo fuzz list); do
    mkdir -p "fuzz/corpus/$target"
    dictionary=()
    [ -f "fuzz/$target.dict" ] && dictionary=("-dict=fuzz/$target.dict")
    log=target/ci/fuzz-$target.log
    if ! unstable_cargo fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-20}" \
      -print_final_stats=1 "${dictionary[@]}" >"$log" 2>&1; then
      tail -n 60 "$log"
      return 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $runs runs"
    found "$target $runs runs"
  done
}
