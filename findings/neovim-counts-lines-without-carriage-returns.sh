#!/usr/bin/env bash
# In the Language Server Protocol a line ends at LF, CRLF or a CR by itself. Neovim tells a server of a file that has such a
# CR inside a line, and counts lines by LF only from then on: a change in the third line is told as one in the second, so that
# a server that counts as the protocol says changes another text than the one that was edited. Nobody notices until the
# file is opened anew. Seen with 0.10.4, and 0.7.2.
. "$(dirname "$0")/lib/setup.bash"
# shellcheck source=/dev/null
. "$root/.ci/steps/tools.sh"
unpack_debian "$work/debian" trixie neovim python3-minimal
cd "$work"

cat >server.py <<'PYTHON'
# Keeps what it is told of the text.
import json
import sys


def send(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


with open("told", "w") as told:
    while True:
        length = 0
        while line := sys.stdin.buffer.readline().strip():
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            break
        message = json.loads(sys.stdin.buffer.read(length))
        params = message.get("params")
        if message.get("method") == "initialize":
            sync = {"openClose": True, "change": 2}
            send({"id": message["id"], "result": {"capabilities": {"textDocumentSync": sync}}})
        elif "id" in message:
            send({"id": message["id"], "result": None})
        elif message["method"] == "textDocument/didOpen":
            print(json.dumps(params["textDocument"]["text"]), file=told, flush=True)
        elif message["method"] == "textDocument/didChange":
            change = params["contentChanges"][0]
            print(change["range"]["start"]["line"], json.dumps(change["text"]), file=told, flush=True)
PYTHON

cat >edit.lua <<'LUA'
local ok, problem = pcall(function()
  vim.cmd("edit text")
  local client = vim.lsp.start_client({ name = "log", cmd = { "python3", "server.py" }, root_dir = vim.fn.getcwd() })
  vim.lsp.buf_attach_client(0, client)
  local function told(lines)
    local function is() return vim.fn.filereadable("told") == 1 and #vim.fn.readfile("told") == lines end
    assert(vim.wait(30000, is, 20), "the server was not told")
  end
  told(1)
  vim.api.nvim_buf_set_text(0, 1, 0, 1, 5, { "THIRD" })
  told(2)
end)
if not ok then
  io.stderr:write(problem .. "\n")
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
LUA

libraries=$work/debian/usr/lib/x86_64-linux-gnu
nvim() {
  HOME=$work VIMRUNTIME=$work/debian/usr/share/nvim/runtime \
    "$work/debian/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$work/debian/usr/bin/nvim" "$@"
}
version=$(nvim --version | head -n 1)
printf 'first\rsecond\nthird\n' >text
timeout 120 nvim --headless --clean -c 'luafile edit.lua'
told=$(cat told)
printf '%s: the text, the line that changed, what it is:\n%s\n' "$version" "$told"
# Lines from 0: by the protocol "third" is line 2.
[ "$told" = '"first\rsecond\nthird\n"
1 "THIRD"' ] || { echo "not as it was"; exit 1; }
