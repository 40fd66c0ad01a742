# Benchmarks print figures and assert nothing; that they still compile is checked.

about[peer-benches]="the comparison with other projects compiles"
step_peer_benches() {
  # What `features` has checked before is not checked again.
  RUSTFLAGS="-D warnings" cargo check --locked -q --target-dir target/features \
    --manifest-path benches/peers/Cargo.toml
}
