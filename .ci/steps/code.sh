# What the compiler and its relatives say.

about[format]="rustfmt"
step_format() {
  cargo fmt --all --check
}

about[locks]="lock files are those of the manifests"
step_locks() {
  local manifest
  for manifest in $(git ls-files '*Cargo.lock' | sed 's/lock$/toml/'); do
    echo "$manifest"
    cargo metadata --locked --format-version 1 --manifest-path "$manifest" >/dev/null
  done
}

about[lints]="clippy and rustc, all targets and features, no warnings; the minimum Rust version"
step_lints() {
  cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
}

about[features]="combinations of features by themselves, no warnings"
step_features() {
  local package set count=0
  check() {
    echo "$1: ${2:-no features}"
    cargo clippy --locked -q -p "$1" --no-default-features --features "$2" -- -D warnings
    count=$((count + 1))
  }
  for set in $(subsets docs human releases syn) "" cli; do check qapi-gen "$set"; done
  # qsd brings qmp.
  for set in "" $(subsets qmp qga serde) qsd qsd,qga qsd,serde; do check qapi-types "$set"; done
  for package in "" qmp qga qsd; do
    for set in "" $(subsets client server tokio); do
      set="$set,$package"
      check qapi-rt "${set#,}"
    done
  done
  for set in testing testing,tokio,qmp; do check qapi-rt "$set"; done
  found "$count combinations"
}

about[documentation]="rustdoc, no warnings"
step_documentation() {
  RUSTDOCFLAGS="-D warnings" cargo doc --locked -q --workspace --all-features --no-deps
}
