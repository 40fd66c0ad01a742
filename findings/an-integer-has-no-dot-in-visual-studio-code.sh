#!/usr/bin/env bash
# In JSON Schema since draft 6 a number is an "integer" if its value is one, however it is written. Visual Studio Code's
# language service, on which Monaco and the JSON servers of other editors are built as well, looks for a dot in the text
# instead: 1.0 and 1.5e1 are none to it, and 1e-2, a hundredth, is one. Seen with vscode-json-languageservice 5.7.2,
# beside ajv 8.20.0.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit vscode-json-languageservice@5.7.2 ajv@8.20.0 >/dev/null
cat >check.cjs <<'JS'
const { getLanguageService, TextDocument } = require("vscode-json-languageservice");
const Ajv = require("ajv/dist/2020").default;

const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "array", items: { type: "integer" } };
const service = getLanguageService({});
const byValue = new Ajv().compile(schema);

// How a number is written, whether it is an integer, and whether it is one to the language service.
const numbers = [
  ["1", true, true],
  ["1e2", true, true],
  ["1.5", false, false],
  ["1.0", true, false],
  ["1.5e1", true, false],
  ["1e-2", false, true],
];

(async () => {
  for (const [number, right, expected] of numbers) {
    const text = `[${number}]`;
    const document = TextDocument.create("file:///numbers.json", "json", 1, text);
    const found = await service.doValidation(document, service.parseJSONDocument(document), {}, schema);
    const seen = [byValue(JSON.parse(text)), found.length === 0];
    console.log(`${number}: ajv ${seen[0]}, language service ${seen[1]} ${found.map((each) => each.message)}`);
    if (seen[0] !== right || seen[1] !== expected) {
      console.error("not as it was");
      process.exitCode = 1;
    }
  }
})();
JS
node check.cjs
