# The tests, by the command that the README gives, with real servers to talk to.

about[tests]="cargo test --workspace --all-features"
step_tests() {
  local status=0
  need_peers
  cargo test --workspace --all-features 2>&1 | tee target/ci/tests.output || status=$?
  awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' \
    target/ci/tests.output >target/ci/tests.count
  found "$(cat target/ci/tests.count)"
  return "$status"
}
