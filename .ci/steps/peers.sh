# The servers that tests run against: QEMU, its storage daemon, its guest agent, each of two releases.

peers=(qemu-system-x86_64 qemu-storage-daemon qemu-img qemu-ga)

# Where the newer release is kept between runs.
peers_cache=${XDG_CACHE_HOME:-${HOME:-$PWD/target}/.cache}/qapi-peers

need_peers() {
  local server
  # Where Debian puts the agent, which is not in everybody's path.
  PATH="$PATH:/usr/sbin:/sbin"
  for server in "${peers[@]}"; do
    if ! command -v "$server" >/dev/null; then
      install_peers
      break
    fi
  done
  if [ -z "${QAPI_PEERS:-}" ]; then
    # What an earlier run left unfinished is not called so.
    [ -d "$peers_cache/bin" ] || unpack_newer_peers
    export QAPI_PEERS=$peers_cache/bin
  fi
  # From here on a server that is missing is a failure.
  export QAPI_REQUIRE_PEERS=1
  found "against QEMU $(release_of qemu-system-x86_64) and $(release_of "$QAPI_PEERS/qemu-system-x86_64")"
}

release_of() {
  "$1" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p'
}

install_peers() {
  local release suite=()
  release=$(debian_release)
  if [ "$release" = bookworm ]; then
    # Its own QEMU is too old.
    suite=(-t bookworm-backports)
    if ! grep -rqw --include="*.list" --include="*.sources" bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null; then
      sources_of bookworm-backports /etc/apt/sources.list.d/backports
    fi
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${suite[@]}" \
    qemu-system-x86 qemu-utils qemu-guest-agent >/dev/null
}

# The newest release, of a Debian that may be newer than this one. Its own loader runs its programs, on this system's
# files. Further packages can be named.
unpack_newer_peers() {
  local root=$peers_cache/root program
  rm -rf "$peers_cache"
  unpack_debian "$root" "trixie trixie-backports" qemu-system-x86 qemu-utils qemu-guest-agent "$@"
  mkdir "$peers_cache/unfinished"
  cat >"$peers_cache/unfinished/.run" <<'RUN'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")/root name=$(basename "$0")
program=$(ls "$root/usr/bin/$name" "$root/usr/sbin/$name" 2>/dev/null)
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
export QEMU_MODULE_DIR="$libraries/qemu"
case $name in
  qemu-system-*) set -- -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@" ;;
esac
exec "$root"/usr/lib64/ld-linux-*.so.* --library-path "$libraries:$libraries/pulseaudio" --argv0 "$name" "$program" "$@"
RUN
  chmod +x "$peers_cache/unfinished/.run"
  for program in "$root"/usr/{bin,sbin}/qemu-*; do
    ln -s .run "$peers_cache/unfinished/${program##*/}"
  done
  mv "$peers_cache/unfinished" "$peers_cache/bin"
}
