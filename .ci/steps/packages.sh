# What is published.

published=(qapi-schema qapi-gen qapi-types qapi-rt qapi-cli)

about[packages]="cargo would publish every package: each builds from what is packed, and from nothing else"
step_packages() {
  local arguments=() package
  for package in "${published[@]}"; do arguments+=(-p "$package"); done
  # Cargo keeps what it unpacks to check the packages, by their versions alone: it may be that of an earlier state.
  rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/qapi-*
  # Tests are left out on purpose, and cargo warns of each. With the workspace's profile what others wrote is compiled already.
  cargo publish --dry-run --locked --allow-dirty --config profile.dev.debug=false "${arguments[@]}" 2>&1 |
    grep -v -e 'is not included in the published package$' -e 'aborting upload due to dry run$'
  local size
  for package in "${published[@]}"; do
    size=$(find "${CARGO_TARGET_DIR:-target}/package" -name "$package-[0-9]*.crate" -printf '%T@ %k\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
    found "$package $size KiB"
  done
}

about[minimal-versions]="the oldest dependencies that the manifests allow"
step_minimal_versions() {
  # A lock file of its own; the one in the repository stays as it is.
  local cargo=(unstable_cargo -Zlockfile-path -Zdirect-minimal-versions
    --config "resolver.lockfile-path='$PWD/target/minimal/Cargo.lock'")
  mkdir -p target/minimal
  rm -f target/minimal/Cargo.lock
  local arguments=() package
  for package in "${published[@]}"; do arguments+=(-p "$package"); done
  "${cargo[@]}" generate-lockfile
  "${cargo[@]}" check -q --locked --all-features --target-dir target/minimal "${arguments[@]}"
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
