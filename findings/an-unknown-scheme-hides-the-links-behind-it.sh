#!/usr/bin/env bash
# In reStructuredText an address in the text becomes a link by itself if its scheme is a known one. docutils looks for the
# first word that has the form of an address, and where that one's scheme is unknown it gives up the rest of the text: after
# a word such as net:0, host:port or std::string no address of the paragraph is a link, until a next inline markup begins a
# new text. Known schemes are "file", "go", "tag" and "info" as well, so that file:line:column is a link. None of it is
# warned of. Seen with docutils 0.23.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check docutils==0.23
venv/bin/python - <<'PYTHON'
import io

from docutils import core, nodes

failed = False
# A paragraph, and its links.
for text, expected in [
    ("Port 0 is told at https://example.org/ only.", ["https://example.org/"]),
    ("Port net:0 is told at https://example.org/ only.", []),
    ("At https://example.org/ port net:0 is told.", ["https://example.org/"]),
    ("Use host:port, write to all@example.org or see https://example.org/ now.", []),
    ("A std::string, as in https://example.org/ now.", []),
    ("Port ``net:0`` is told at https://example.org/ only.", ["https://example.org/"]),
    ("Port net:0 is *not* told at https://example.org/ only.", ["https://example.org/"]),
    ("Errors are told as file:line:column.", ["file:line:column"]),
    ("It is go:build or tag:latest.", ["go:build", "tag:latest"]),
]:
    warnings = io.StringIO()
    document = core.publish_doctree(text, settings_overrides={"warning_stream": warnings, "report_level": 1})
    found = [link["refuri"] for link in document.findall(nodes.reference)]
    print(f"{text} {found}{warnings.getvalue()}")
    failed |= found != expected or warnings.getvalue() != ""
if failed:
    raise SystemExit("not as it was")
PYTHON
