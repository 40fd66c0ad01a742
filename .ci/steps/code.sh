# What the compiler and its relatives say.

# What is only checked. With the same flags, steps share what they have of dependencies.
checked=target/checked

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
  RUSTFLAGS="-D warnings" cargo clippy --locked --workspace --all-targets --all-features --target-dir "$checked"
}

about[targets]="rustc for systems other than this one, no warnings"
step_targets() {
  local target
  if ! command -v rustup >/dev/null; then
    found "skipped: no rustup"
    return
  fi
  for target in x86_64-pc-windows-gnu aarch64-apple-darwin; do
    rustup -q target add "$target"
    # The types of QMP, which are large, have nothing of a system in them, and neither has what needs them.
    RUSTFLAGS="-D warnings" cargo check --locked -q --target "$target" --target-dir target/targets \
      -p qapi-rt --no-default-features --features client,server,tokio,testing,qga
  done
  found "Windows, macOS"
}

about[features]="features by themselves, and each with and without each other, no warnings"
step_features() {
  local package feature failed=0 tried=target/ci/combinations
  : >"$tried"
  features_of_the_generator
  features_of_types
  features_of_runtime
  found "$(wc -l <"$tried") combinations"
  # It is all of them and the command: `lints` is for that.
  echo "qapi-gen: cli" >>"$tried"
  # A feature that is new has to be added below.
  for package in .:qapi-rt qapi-gen:qapi-gen qapi-types:qapi-types; do
    for feature in $(features_of "${package%:*}/Cargo.toml"); do
      if ! grep -qwE "^${package#*:}:.*[ ,]$feature" "$tried"; then
        echo "no combination of ${package#*:} has its feature '$feature'" >&2
        failed=1
      fi
    done
  done
  return "$failed"
}

# The features that a manifest has, but for `default`, which names others.
features_of() {
  sed -n '/^\[features\]/,/^\[[^f]/s/^\([a-z-]*\) *=.*/\1/p' "$1" | grep -vx default
}

# One combination: package, features. What clippy has to say of all the code is what `lints` is for.
check() {
  local package=$1
  shift
  echo "$package: ${*:-no features}" | tee -a target/ci/combinations
  RUSTFLAGS="-D warnings" cargo check --locked -q --target-dir "$checked" \
    -p "$package" --no-default-features --features "$*"
}

# What a feature needs shows where it is alone; what two need together, or one of another, in sets of many. Those behind `json`
# need others in any case, and are tried in sets only.
features_of_the_generator() {
  local set some="docs human legacy releases service syn"
  for set in "" $some $(pairs $some json diff explain export fmt import lsp reference); do check qapi-gen $set; done
}

# What a subject needs and lacks shows in the types. The other features say the same of all subjects, so that the smallest is enough.
features_of_types() {
  local set
  for set in "" qga $(features_of qapi-types/Cargo.toml | grep ^qmp-); do check qapi-types $set; done
  for set in serde server serde,server; do check qapi-types qga qmp-control $set; done
  check qapi-types qsd
}

# With the types of the agent, which are few; with what needs parts of QMP; and with all of QMP, where it matters.
features_of_runtime() {
  local set subject others=()
  for set in "" client server tokio; do check qapi-rt $set; done
  for set in "" $(pairs client server tokio testing recording serde vsock); do check qapi-rt qga $set; done
  # What clients do with subjects, one by one; those that have types only, together.
  for subject in $(features_of Cargo.toml | grep ^qmp-); do
    if grep -rqF "feature = \"$subject\"" src; then
      check qapi-rt client,tokio "$subject"
    else
      others+=("$subject")
    fi
  done
  check qapi-rt client tokio "${others[@]}"
  check qapi-rt client qmp-char qmp-misc qmp-qom
  check qapi-rt client server tokio qmp-migration
  for set in "" client server testing; do check qapi-rt qmp $set; done
  check qapi-rt qsd client,tokio
}

about[documentation]="rustdoc as docs.rs runs it, no warnings; references of QEMU's interfaces"
step_documentation() {
  local -x CARGO_TARGET_DIR=$checked RUSTFLAGS="-D warnings"
  local rustdoc=$PWD/target/ci/rustdoc badges
  # Only rustdoc is told that it may do what is unstable. If cargo were, it would build dependencies anew.
  printf '#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n' >"$rustdoc"
  chmod +x "$rustdoc"
  RUSTDOC=$rustdoc RUSTDOCFLAGS="-D warnings --cfg docsrs" \
    docs/build --locked -q
  badges=$(grep -rl 'Available on .*crate feature' "$checked/doc/qapi_rt" "$checked/doc/qapi_types" | wc -l)
  found "$badges pages with badges of features, $(ls "$checked"/doc/reference/*/*.html | wc -l) of references"
  [ "$badges" -gt 0 ]
}
