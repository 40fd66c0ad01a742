# Other people's clients, which talk to the example VMM.

about[interop]="libvirt, QEMU's client library for Python, and the crate qapi, against our server"
step_interop() {
  local target=${CARGO_TARGET_DIR:-target} venv suites fetching=() pid
  venv=$PWD/target/interop-venv
  # What has to be downloaded comes while the rest is built.
  for suites in "${libvirts[@]}"; do
    fetch_libvirt "$suites" &
    fetching+=($!)
  done
  # With the features of `tests`, which has built it then.
  cargo test --locked -q --workspace --all-features --test clients --no-run
  if [ ! -x "$venv/bin/pip" ]; then
    need python3 python3
    python_venv "$venv"
  fi
  "$venv/bin/pip" install -q --disable-pip-version-check -r tests/interop/python/requirements.txt
  "$venv/bin/python" tests/interop/python/qemu_qmp.py "$target/debug/vmm"
  found "$("$venv/bin/pip" list --disable-pip-version-check --format freeze | grep '^qemu')"
  cargo run --locked -q --manifest-path tests/interop/qapi/Cargo.toml -- "$target/debug/vmm"
  found "qapi $(sed -n '/^name = "qapi"$/{n;s/.*"\(.*\)"/\1/p}' tests/interop/qapi/Cargo.lock)"
  for pid in "${fetching[@]}"; do wait "$pid"; done
  for suites in "${libvirts[@]}"; do libvirt_of "$suites"; done
}

# Suites of Debian, of which each has another libvirt, as `unpack_debian` takes them.
libvirts=(bookworm trixie "trixie trixie-backports")

libvirt_root() { echo "$PWD/target/interop-${1##* }"; }

# The libvirt of suites in a root of its own, so that one host has several.
fetch_libvirt() {
  local root
  root=$(libvirt_root "$1")
  if [ ! -d "$root" ]; then
    # What an earlier run left unfinished is not called so.
    unpack_debian "$root.new" "$1" bash coreutils dash python3 libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu
    mv "$root.new" "$root"
  fi
}

# It runs machines on the example VMM.
libvirt_of() {
  local root
  root=$(libvirt_root "$1")
  within "$root" python3 tests/interop/libvirt/libvirt.py "$PWD/target/debug/vmm"
  found "libvirt $(within "$root" virsh --version)"
}

# A command in such a root, with this host's files, processes and users: within FOLDER COMMAND...
within() {
  # shellcheck disable=SC2016 # for the inner shell
  LC_ALL=C unshare --mount sh -euc '
    root=$1
    shift
    for name in proc dev sys tmp run etc/passwd etc/group "${PWD#/}"; do
      [ ! -d "/$name" ] || mkdir -p "$root/$name"
      [ -d "/$name" ] || touch "$root/$name"
      mount --rbind "/$name" "$root/$name"
    done
    exec unshare --root="$root" --wd="$PWD" "$@"' sh "$@"
}
