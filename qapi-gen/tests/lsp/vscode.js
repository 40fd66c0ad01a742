// VS Code's own library of the protocol drives the server in the current folder, and has its checks judge every answer.
"use strict";
const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const lsp = require("vscode-languageserver-protocol/node");
const { TextDocument } = require("vscode-languageserver-textdocument");

const uri = (name) => pathToFileURL(name).toString();
const all = (list, kind) => list.length > 0 && list.every((one) => kind.is(one));

async function main() {
  const server = spawn(process.env.QAPI_GEN, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const connection = lsp.createProtocolConnection(
    new lsp.StreamMessageReader(server.stdout), new lsp.StreamMessageWriter(server.stdin));
  // Anything that the library does not understand is an error.
  connection.onError(([error]) => { throw error; });
  connection.onUnhandledNotification((message) => { throw new Error(`not expected: ${message.method}`); });
  const found = new Map();
  const waiting = [];
  connection.onNotification(lsp.PublishDiagnosticsNotification.type, (params) => {
    assert(params.diagnostics.every(lsp.Diagnostic.is), JSON.stringify(params));
    found.set(params.uri, params.diagnostics);
    waiting.splice(0).forEach((wake) => wake());
  });
  const messages = [];
  connection.onNotification(lsp.ShowMessageNotification.type, ({ message }) => void messages.push(message));
  const ask = (request, params) => connection.sendRequest(request.type, params);
  const registered = [];
  connection.onRequest(lsp.RegistrationRequest.type, (params) => void registered.push(...params.registrations));
  connection.listen();

  const { capabilities } = await connection.sendRequest(lsp.InitializeRequest.type, {
    processId: process.pid,
    rootUri: uri("."),
    workspaceFolders: [{ uri: uri("."), name: "qapi" }],
    capabilities: {
      workspace: { workspaceEdit: { documentChanges: true }, didChangeWatchedFiles: { dynamicRegistration: true } },
      textDocument: { hover: { contentFormat: ["markdown", "plaintext"] }, completion: { completionItem: { snippetSupport: true } } },
      general: { positionEncodings: ["utf-16"] },
    },
  });
  await connection.sendNotification(lsp.InitializedNotification.type, {});

  const root = uri("qapi-schema.json");
  let text = TextDocument.create(root, "qapi", 1, readFileSync("qapi-schema.json", "utf8"));
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
    textDocument: { uri: root, languageId: "qapi", version: 1, text: text.getText() },
  });
  // Typing, by the changes that an editor makes.
  const type = async (before, after) => {
    const start = text.getText().indexOf(before);
    assert(start >= 0, before);
    const range = { start: text.positionAt(start), end: text.positionAt(start + before.length) };
    const changes = [{ range, text: after }];
    text = TextDocument.update(text, changes, text.version + 1);
    await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
      textDocument: { uri: root, version: text.version }, contentChanges: changes,
    });
  };
  const errors = async (condition) => {
    while (!condition(found.get(root) ?? null)) {
      await new Promise((resolve) => waiting.push(resolve));
    }
  };
  await errors((list) => list?.length === 0);
  await type("'event'", "'é𝄞x'");
  await errors((list) => list?.length > 0);
  const faulty = found.get(root);
  const actions = await ask(lsp.CodeActionRequest, {
    textDocument: { uri: root }, range: faulty[0].range, context: { diagnostics: faulty },
  });
  assert(all(actions, lsp.CodeAction));
  const { command } = actions.find((one) => one.command !== undefined);
  await ask(lsp.ExecuteCommandRequest, command);
  assert(messages.length === 1 && messages[0].startsWith(`${faulty[0].code}: `), JSON.stringify(messages));
  await type("'é𝄞x'", "'event'");
  await errors((list) => list?.length === 0);

  const at = (what, offset = 1) => ({
    textDocument: { uri: root },
    position: text.positionAt(text.getText().indexOf(what) + offset),
  });
  const point = at("'Point'", 3);
  assert(lsp.Hover.is(await ask(lsp.HoverRequest, point)));
  assert(all([(await ask(lsp.DefinitionRequest, point))].flat(), lsp.Location));
  assert(all(await ask(lsp.ReferencesRequest, { ...point, context: { includeDeclaration: true } }), lsp.Location));
  assert(all(await ask(lsp.DocumentHighlightRequest, point), { is: (h) => lsp.Range.is(h.range) }));
  const symbols = await ask(lsp.DocumentSymbolRequest, { textDocument: { uri: root } });
  assert(all(symbols, lsp.DocumentSymbol));
  assert((await ask(lsp.WorkspaceSymbolRequest, { query: "poi" })).length > 0);
  const proposed = await ask(lsp.CompletionRequest, point);
  const proposal = (one) => typeof one.label === "string" && (one.textEdit === undefined || lsp.TextEdit.is(one.textEdit));
  assert(all(proposed.items ?? proposed, { is: proposal }));
  assert((await ask(lsp.PrepareRenameRequest, point)) !== null);
  const edit = await ask(lsp.RenameRequest, { ...point, newName: "Place" });
  assert(lsp.WorkspaceEdit.is(edit));
  const mine = edit.changes?.[root] ?? edit.documentChanges.find((one) => one.textDocument.uri === root).edits;
  assert(!TextDocument.applyEdits(text, mine).includes("Point"));
  await type("# Moves a", "#Moves a");
  const options = { tabSize: 4, insertSpaces: true };
  const format = await ask(lsp.DocumentFormattingRequest, { textDocument: { uri: root }, options });
  assert(TextDocument.applyEdits(text, format).includes("\n# Moves a"));
  const range = { start: { line: 0, character: 0 }, end: { line: text.lineCount, character: 0 } };
  const part = await ask(lsp.DocumentRangeFormattingRequest, { textDocument: { uri: root }, range, options });
  assert.deepStrictEqual(part, format);

  // What it offers is what was asked for, and no more.
  const asked = ["hoverProvider", "definitionProvider", "referencesProvider", "documentHighlightProvider",
    "documentSymbolProvider", "workspaceSymbolProvider", "completionProvider", "codeActionProvider", "renameProvider",
    "documentFormattingProvider", "documentRangeFormattingProvider", "executeCommandProvider"];
  const offered = Object.keys(capabilities).filter((name) => name.endsWith("Provider"));
  assert.deepStrictEqual(offered.sort(), asked.sort());
  assert(registered.every((one) => one.method === "workspace/didChangeWatchedFiles"), JSON.stringify(registered));

  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  assert.strictEqual(await ended, 0);
  console.log("everything is as it should be");
}

setTimeout(() => { throw new Error("it takes too long"); }, 60_000).unref();
main().catch((error) => { console.error(error); process.exit(1); });
