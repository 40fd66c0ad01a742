# The tests, by the command that the README gives, with real servers to talk to.

about[tests]="cargo test --workspace --all-features"
step_tests() {
  local status=0
  need_peers
  # The clients of the language server's tests; Eglot comes with Emacs from 29 on.
  need nvim neovim
  need emacs emacs-nox
  emacs --batch -q --eval "(progn (package-initialize) (require 'eglot))" 2>/dev/null ||
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends elpa-eglot >/dev/null
  # What the reference's site is looked at with.
  need chromium chromium
  need_readers
  cargo test --workspace --all-features 2>&1 | tee target/ci/tests.output || status=$?
  awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' \
    target/ci/tests.output >target/ci/tests.count
  found "$(cat target/ci/tests.count)"
  return "$status"
}

# Other projects' tools that read what `qapi-gen export` writes, and VS Code's library for language servers.
need_readers() {
  local from=qapi-gen/tests/export to=$PWD/target/tools/readers
  export PATH="$to/python/bin:$to/node_modules/.bin:$PATH" NODE_PATH=$to/node_modules
  if [ -e "$to/done" ] && [ "$to/done" -nt $from/package.json ] && [ "$to/done" -nt $from/requirements.txt ]; then
    return
  fi
  need python3 python3
  need node nodejs
  need npm npm
  rm -rf "$to"
  python_venv "$to/python"
  "$to/python/bin/pip" install -q --disable-pip-version-check -r $from/requirements.txt
  cp $from/package.json "$to"
  npm install --silent --no-fund --no-audit --prefix "$to"
  touch "$to/done"
}

about[schedules]="threads of a blocking client, tasks of one on tokio, and threads around a server, in ${SCHEDULES:-300} orders a test"
step_schedules() {
  # With a folder of its own, since the flag is for all crates.
  RUSTFLAGS="--cfg shuttle" SCHEDULES=${SCHEDULES:-300} cargo test --locked -q -p qapi-rt --no-default-features \
    --features client,server,tokio --lib --target-dir target/shuttle schedules
  found "${SCHEDULES:-300} orders of each"
}

about[soak]="a server, clients and QEMU, ${SOAK_SECONDS:-30} seconds: nothing that is held grows"
step_soak() {
  need_peers
  SOAK_SECONDS=${SOAK_SECONDS:-30} cargo test --workspace --all-features --test soak -- --nocapture lives:: load:: |
    tee target/ci/soak.output
  found "$(sed -n 's/^\([0-9]* rounds\); before.*/\1/p' target/ci/soak.output)"
}
