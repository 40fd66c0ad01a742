# The servers that tests run against: QEMU, its storage daemon, its guest agent.

need_peers() {
  local server
  # Where Debian puts the agent, which is not in everybody's path.
  PATH="$PATH:/usr/sbin:/sbin"
  for server in qemu-system-x86_64 qemu-storage-daemon qemu-img qemu-ga; do
    if ! command -v "$server" >/dev/null; then
      install_peers
      break
    fi
  done
  # From here on a server that is missing is a failure.
  export QAPI_REQUIRE_PEERS=1
  found "against $(qemu-system-x86_64 --version | head -n 1)"
}

install_peers() {
  local release suite=()
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  if [ "$release" = bookworm ]; then
    # Its own QEMU is too old.
    suite=(-t bookworm-backports)
    if ! grep -rqw --include="*.list" --include="*.sources" bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null; then
      add_backports
    fi
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${suite[@]}" \
    qemu-system-x86 qemu-utils qemu-guest-agent >/dev/null
}

# Backports come from where the machine gets the rest of the release. Either form of apt's source files.
add_backports() {
  local file=/etc/apt/sources.list.d/backports
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v RS= -v ORS='\n\n' '
    /(^|\n)Suites: *bookworm[ \n]/ { sub(/Suites:[^\n]*/, "Suites: bookworm-backports"); print }' \
    >"$file.sources"
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -n '/^deb .* bookworm /s/ bookworm / bookworm-backports /p' >"$file.list"
}
