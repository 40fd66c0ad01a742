# Other people's clients, which talk to the example VMM.

about[interop]="libvirt, QEMU's client library for Python, and the crate qapi, against our server"
step_interop() {
  local target=${CARGO_TARGET_DIR:-target} venv
  venv=$PWD/target/interop-venv
  # With the features of `tests`, which has built it then.
  cargo test --locked -q --workspace --all-features --test clients --no-run
  if [ ! -x "$venv/bin/pip" ]; then
    need python3 python3
    # Debian has the module for virtual environments in a package of its own.
    python3 -m venv "$venv" 2>/dev/null || {
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
      python3 -m venv --clear "$venv"
    }
  fi
  "$venv/bin/pip" install -q --disable-pip-version-check -r tests/interop/python/requirements.txt
  "$venv/bin/python" tests/interop/python/qemu_qmp.py "$target/debug/vmm"
  found "$("$venv/bin/pip" list --disable-pip-version-check --format freeze | grep '^qemu')"
  cargo run --locked -q --manifest-path tests/interop/qapi/Cargo.toml -- "$target/debug/vmm"
  found "qapi $(sed -n '/^name = "qapi"$/{n;s/.*"\(.*\)"/\1/p}' tests/interop/qapi/Cargo.lock)"
  need libvirtd libvirt-daemon libvirt-daemon-driver-qemu
  need virsh libvirt-clients
  "$venv/bin/python" tests/interop/libvirt/libvirt.py "$target/debug/vmm"
  found "libvirt $(virsh --version)"
}
