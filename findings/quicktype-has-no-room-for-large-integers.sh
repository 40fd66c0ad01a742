#!/usr/bin/env bash
# quicktype reads "minimum" and "maximum" of integers in a JSON Schema, and yet gives a member of 0 to 2^64-1 the Go type
# int64, which cannot hold half of them: decoding a valid document fails. Seen with quicktype 23.3.25.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit quicktype@23.3.25 >/dev/null
cat >schema.json <<'JSON'
{ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Disk", "type": "object",
  "properties": { "size": { "type": "integer", "minimum": 0, "maximum": 18446744073709551615 } },
  "required": ["size"] }
JSON
node_modules/.bin/quicktype --src-lang schema --lang go --just-types schema.json | tee disk.go
grep -qE 'Size int64 ' disk.go || { echo "not as it was: size is no int64"; exit 1; }
