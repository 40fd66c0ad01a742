#!/usr/bin/env bash
# In JSON-RPC 1 and "1" are two ids, and the Language Server Protocol has ids of both kinds as well. vscode-jsonrpc, on which
# language servers and clients for Node are built, keeps what came and is not begun yet by the text of its id: of two such
# requests that arrive in one piece the later takes the place of the earlier, which is never begun nor answered. The later
# one is answered in the earlier's turn. When they arrive apart each is answered, by its own id. Seen with vscode-jsonrpc
# 10.0.0.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit vscode-jsonrpc@10.0.0 >/dev/null
cat >ask.cjs <<'JS'
const { PassThrough } = require("stream");
const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = require("vscode-jsonrpc/node");

const request = (id) => {
  const body = JSON.stringify({ jsonrpc: "2.0", id, method: "echo", params: { id } });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

// The ids that are answered, in their order, of requests with these ids; the last one's answer ends it.
const ask = (ids, apart) => new Promise((resolve) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  connection.onRequest("echo", (params) => params);
  connection.listen();
  const answered = [];
  const waiting = apart ? [...ids] : [];
  new StreamMessageReader(output).listen((message) => {
    answered.push(message.id);
    if (message.id === ids.at(-1)) {
      connection.dispose();
      resolve(answered);
    } else if (apart) {
      input.write(request(waiting.shift()));
    }
  });
  input.write(apart ? request(waiting.shift()) : ids.map(request).join(""));
});

(async () => {
  // The ids, whether each request waits for the answer before, and what is answered.
  for (const [ids, apart, expected] of [
    [[1, 2, 3], false, [1, 2, 3]],
    [[1, "1", 3], true, [1, "1", 3]],
    [[1, "1", 3], false, ["1", 3]],
    [[1, 2, "1", 3], false, ["1", 2, 3]],
  ]) {
    const answered = await ask(ids, apart);
    console.log(`${JSON.stringify(ids)} ${apart ? "apart" : "in one piece"}: answered ${JSON.stringify(answered)}`);
    if (JSON.stringify(answered) !== JSON.stringify(expected)) {
      console.error("not as it was");
      process.exitCode = 1;
    }
  }
})();
JS
node ask.cjs
