# What is published.

published=(qapi-schema qapi-gen qapi-types qapi-rt qapi-cli)

about[packages]="cargo would publish every package; what is packed builds from nothing else, with the oldest dependencies allowed"
step_packages() {
  local arguments=() package crate packed=$PWD/target/minimal/packed
  for package in "${published[@]}"; do arguments+=(-p "$package"); done
  # Tests are left out on purpose, and cargo warns of each.
  cargo publish --dry-run --no-verify --locked --allow-dirty "${arguments[@]}" 2>&1 |
    grep -v -e 'is not included in the published package$' -e 'aborting upload due to dry run$'
  rm -rf "$packed"
  mkdir -p "$packed"
  printf '[workspace]\nresolver = "3"\nmembers = ["*"]\n\n[patch.crates-io]\n' >"$packed/Cargo.toml"
  for package in "${published[@]}"; do
    crate=$(find "${CARGO_TARGET_DIR:-target}/package" -name "$package-[0-9]*.crate" -printf '%T@ %p\n' | sort -n | tail -n 1)
    crate=${crate#* }
    tar -xzf "$crate" -C "$packed"
    printf '%s = { path = "%s" }\n' "$package" "$(basename "$crate" .crate)" >>"$packed/Cargo.toml"
    found "$package $(du -k "$crate" | cut -f 1) KiB"
  done
  cd "$packed"
  unstable_cargo -Zdirect-minimal-versions generate-lockfile
  unstable_cargo check -q --locked --workspace --all-features --target-dir ..
}

about[semver]="no breaking change since the last release without a new version"
step_semver() {
  local last package arguments=()
  last=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)
  if [ -z "$last" ]; then
    echo "nothing is released yet: there is no tag v* to compare with"
    found "no release to compare with"
    return
  fi
  prebuilt cargo-semver-checks 0.51.0
  # A command alone has no API.
  for package in "${published[@]}"; do [ "$package" = qapi-cli ] || arguments+=(-p "$package"); done
  cargo semver-checks "${arguments[@]}" --baseline-rev "$last"
  found "compatible with $last"
}
