#!/usr/bin/env bash
# JSONStream, by its parser jsonparse, reads a JSON number as a JavaScript string if it is digits only, and JavaScript would
# write it otherwise. So of neighbouring integers one is a number and the next a string, and it is not those that a double can
# hold: 2^64 is a string, and 144188125506805060, which no double is, a rounded number. With "-" before it, or ".0" or "e0"
# behind it, it is a number in any case. Zeros matter, too: 10^20 is a number and 10^21 a string. Seen with JSONStream 1.3.5
# and jsonparse 1.3.1.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit JSONStream@1.3.5 jsonparse@1.3.1 >/dev/null
cat >read.cjs <<'JS'
const JSONStream = require("JSONStream");

// A number of JSON, and what is read.
const expected = [
  ["9007199254740992", 9007199254740992],
  ["9007199254740993", "9007199254740993"],
  ["9007199254740994", 9007199254740994],
  ["-9007199254740993", -9007199254740992],
  ["9007199254740993.0", 9007199254740992],
  ["9007199254740993e0", 9007199254740992],
  ["144188125506805060", 144188125506805056],
  ["18446744073709551616", "18446744073709551616"],
  ["18446744073709552000", 18446744073709551616],
  ["1" + "0".repeat(20), 1e20],
  ["1" + "0".repeat(21), "1" + "0".repeat(21)],
];
const found = [];
const stream = JSONStream.parse("*");
stream.on("data", (value) => found.push(value));
stream.on("end", () => {
  expected.forEach(([text, value], index) => {
    console.log(`${text}: ${typeof found[index]} ${found[index]}`);
    if (found[index] !== value) {
      console.error("not as it was");
      process.exitCode = 1;
    }
  });
});
stream.end(`[${expected.map(([text]) => text).join(", ")}]`);
JS
node read.cjs
