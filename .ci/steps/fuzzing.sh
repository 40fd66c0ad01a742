# Each fuzz target for a moment; FUZZ_SECONDS says how long.

about[fuzzing]="each fuzz target, ${FUZZ_SECONDS:-3} seconds"
step_fuzzing() {
  need c++ g++
  prebuilt cargo-fuzz 0.13.2
  # Most of this step is building, so it is built quickly: without optimisation, and without address sanitizer,
  # which has little to find where nothing is unsafe.
  local flags=(--sanitizer none --codegen-units 16)
  local -x CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0
  unstable_cargo fuzz build "${flags[@]}"
  local targets target pid pids failed=0 at
  mapfile -t targets < <(cargo fuzz list)
  # Two at a time: each keeps one core busy.
  for ((at = 0; at < ${#targets[@]}; at += 2)); do
    pids=()
    for target in "${targets[@]:at:2}"; do
      fuzz "$target" &
      pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  done
  return "$failed"
}

# One target, with the caller's flags.
fuzz() {
  local target=$1 seeds=fuzz/seeds/$1.tar.gz dictionary=() log=target/ci/fuzz-$1.log runs
  mkdir -p "fuzz/corpus/$target"
  # Some of what longer runs found: unoptimised, all of it would take minutes.
  tar -xzf "$seeds" -C "fuzz/corpus/$target" --files-from <(tar -tzf "$seeds" | grep -v '/$' | shuf -n 100)
  [ -f "fuzz/$target.dict" ] && dictionary=("-dict=fuzz/$target.dict")
  if ! unstable_cargo fuzz run "${flags[@]}" "$target" -- -max_total_time="${FUZZ_SECONDS:-3}" \
    -print_final_stats=1 "${dictionary[@]}" >"$log" 2>&1; then
    tail -n 60 "$log"
    return 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$target: $runs runs"
  found "$target $runs runs"
}
