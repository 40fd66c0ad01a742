# What others wrote and we build on.

about[dependencies]="CONTRIBUTING.md gives a reason for every dependency of what is published"
step_dependencies() {
  local package name count=0 missing=0
  for package in "${published[@]}"; do
    for name in $(cargo tree --locked -p "$package" -e normal,build --all-features --target all \
      --depth 1 --prefix none | tail -n +2 | cut -d ' ' -f 1 | sort -u); do
      if [[ " ${published[*]} " != *" $name "* ]]; then
        count=$((count + 1))
        if ! grep -q "^| .*\`$name\`" CONTRIBUTING.md; then
          echo "$name, which $package depends on, is not listed"
          missing=1
        fi
      fi
    done
  done
  found "$count direct dependencies"
  return "$missing"
}

about[deny]="licences, sources, versions and known faults of every dependency, as deny.toml has them"
step_deny() {
  local checks=(bans licenses sources) manifest count=0 failed=0 log=target/ci/advisories.log
  prebuilt cargo-deny 0.20.2
  if timeout 60 cargo deny --locked fetch db >"$log" 2>&1; then
    checks+=(advisories)
    found "with advisories"
  elif [ $? -eq 124 ] || grep -q 'failed to fetch advisory database' "$log"; then
    echo "advisories skipped: the database cannot be fetched" | tee -a "target/ci/$step.found"
  else
    cat "$log"
    return 1
  fi
  # What deny.toml allows and the workspace does not need is a mistake. The others are shown faults alone.
  cargo deny --locked --workspace check --hide-inclusion-graph -D license-not-encountered -D unmatched-skip \
    -A license-exception-not-encountered "${checks[@]}" || failed=1
  for manifest in $(git ls-files '*/Cargo.lock' | sed 's/lock$/toml/'); do
    cargo deny -L error --locked --workspace --manifest-path "$manifest" --config deny.toml \
      check --hide-inclusion-graph "${checks[@]}" >"$log" 2>&1 || {
      printf '%s:\n' "$manifest"
      cat "$log"
      failed=1
    }
    count=$((count + 1))
  done
  found "the workspace and $count lock files beside it"
  return "$failed"
}
