# What is published.

published=(qapi-schema qapi-gen qapi-types qapi-rt)

about[packages]="every package builds from what cargo packs, and from nothing else"
step_packages() {
  local arguments=() package
  for package in "${published[@]}"; do arguments+=(-p "$package"); done
  # Tests are left out on purpose, and cargo warns of each.
  cargo package --locked --allow-dirty "${arguments[@]}" 2>&1 |
    grep -v 'is not included in the published package$'
  local size
  for package in "${published[@]}"; do
    size=$(du -k "${CARGO_TARGET_DIR:-target}"/package/"$package"-[0-9]*.crate | sort -k2 | tail -n 1 | cut -f 1)
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
