#!/usr/bin/env bash
# JSON Schema since 2019-09 allows annotations beside "$ref", as {"$ref": "#/$defs/Mode", "deprecated": true}.
# json-schema-to-typescript then loses the name of the definition: it writes the type out at that member, so that it is
# another type than the others' of the same definition. Seen with json-schema-to-typescript 15.0.4.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm install --silent --no-fund --no-audit json-schema-to-typescript@15.0.4 >/dev/null

# A document with the annotation, or without.
document() {
  cat <<JSON
{ "\$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings", "type": "object",
  "properties": { "speed": { "\$ref": "#/\$defs/Mode"$1 }, "now": { "\$ref": "#/\$defs/Mode" } },
  "\$defs": { "Mode": { "type": "string", "enum": ["slow", "fast"] } } }
JSON
}

# What a tool prints about "speed" and "now", and what it should.
expect() {
  local found
  found=$(grep -E '^ *(speed|now)\?:' | tr -d ' ' | sort | tr '\n' ' ')
  echo "$1: $found"
  [ "$found" = "$2 " ] || { echo "not as it was: expected $2"; exit 1; }
}

document '' >plain.json
document ', "deprecated": true' >annotated.json
for kind in plain annotated; do
  node_modules/.bin/json2ts $kind.json >$kind.ts
done
expect 'json-schema-to-typescript, plain' 'now?:Mode; speed?:Mode;' <plain.ts
expect 'json-schema-to-typescript, annotated' 'now?:Mode; speed?:"slow"|"fast";' <annotated.ts
