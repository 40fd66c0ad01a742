# Benchmarks print figures and assert nothing; that they still compile is checked.

about[peer-benches]="the comparison with other projects compiles"
step_peer_benches() {
  RUSTFLAGS="-D warnings" cargo check --locked -q --target-dir "$checked" --manifest-path benches/peers/Cargo.toml
}
