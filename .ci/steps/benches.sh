# Benchmarks print figures and assert nothing; that they still compile is checked.

about[peer-benches]="the comparison with other projects compiles"
step_peer_benches() {
  cargo check --locked -q --manifest-path benches/peers/Cargo.toml
}
