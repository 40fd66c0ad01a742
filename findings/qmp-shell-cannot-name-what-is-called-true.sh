#!/usr/bin/env bash
# QEMU has block nodes called `true`, as by any word that begins with a letter. qmp-shell cannot say such a name: it sends
# `true` and `True` as a boolean, and all quotes as part of the name. It takes `010` and `1_000` for the numbers 10 and 1000.
# What QEMU refuses leaves its exit code 0. Seen with qemu.qmp 0.0.6 and the storage daemon of QEMU 10.0.2.
. "$(dirname "$0")/lib/setup.bash"
need_older
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check qemu.qmp==0.0.6
socket=$work/m
"$OLDER/qemu-storage-daemon" --blockdev null-co,node-name=true \
  --chardev "socket,id=c,path=$socket,server=on,wait=off" --monitor chardev=c --pidfile "$work/pid" --daemonize
trap 'kill "$(cat "$work/pid")"; rm -rf "$work"' EXIT

# What is sent for a line, and what is answered, a line each.
say() { printf '%s\n' "$1" | "$work/venv/bin/qmp-shell" -v "$socket" | sed -n 's/^(QEMU) //; /^{/p'; }
expect() {
  echo "$1: $2"
  case $2 in
    *"$3"*) ;;
    *) echo "not as it was: expected $3" >&2; exit 1 ;;
  esac
}

for name in true True "'true'" '"true"' '\true'; do
  expect "node-name=$name" "$(say "blockdev-del node-name=$name")" '"error"'
done
expect 'size=010' "$(say 'blockdev-add driver=null-co node-name=a size=010')" '"size": 10}'
expect 'size=1_000' "$(say 'blockdev-add driver=null-co node-name=b size=1_000')" '"size": 1000}'
printf 'blockdev-del node-name=true\n' | "$work/venv/bin/qmp-shell" "$socket" >"$work/out"
expect 'exit code 0 after' "$(tail -n 2 "$work/out" | tr -d '\n')" '"error"'
# The node is there for whoever can say its name.
python3 - "$socket" <<'PYTHON'
import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
lines = client.makefile()
lines.readline()
client.sendall(b'{"execute": "qmp_capabilities"}{"execute": "blockdev-del", "arguments": {"node-name": "true"}}')
lines.readline()
answer = lines.readline().strip()
print("node-name true in JSON:", answer)
assert '"return"' in answer, answer
PYTHON
