# What the scripts here share; to be sourced. Each script shows one surprise about software that is not ours, by running
# it without anything of this project on valid input, and fails if it does not behave so any more.
#
# QEMU as installed is Debian's 10.0; QEMU 11.1, from trixie-backports, is what QAPI_PEERS names or is unpacked into a
# temporary folder, with its libraries.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONPATH=$root/findings/lib PYTHONDONTWRITEBYTECODE=1 WORK=$work
PATH=$PATH:/usr/sbin

# A release by the name that a program gives: older and newer are folders of programs.
release() { "$1" --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p'; }

# need_newer [PACKAGE...]: QEMU 11.1 in $NEWER; further Debian packages beside it.
need_newer() {
  if [ -n "${QAPI_PEERS:-}" ] && [ $# = 0 ]; then
    export NEWER=$QAPI_PEERS
  else
    # shellcheck source=/dev/null
    . "$root/.ci/steps/tools.sh"
    # shellcheck source=/dev/null
    . "$root/.ci/steps/peers.sh"
    peers_cache=$work/newer
    unpack_newer_peers "$@"
    export NEWER=$work/newer/bin
  fi
  must_be 11.1 "$NEWER/qemu-system-x86_64"
}

# QEMU 10.0 in $OLDER, its guest agent in $AGENT.
need_older() {
  local program
  program=$(command -v qemu-system-x86_64) || { echo "QEMU 10.0 is not installed" >&2; exit 1; }
  OLDER=$(dirname "$program")
  # Debian has the guest agent in another folder.
  AGENT=$(dirname "$(command -v qemu-ga || echo "$program")")
  export OLDER AGENT
  must_be 10.0 "$program"
}

must_be() {
  local is
  is=$(release "$2")
  if [ "$is" != "$1" ]; then
    echo "this is about QEMU $1, and here is $is" >&2
    exit 1
  fi
}
