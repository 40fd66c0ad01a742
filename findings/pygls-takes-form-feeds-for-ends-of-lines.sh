#!/usr/bin/env bash
# In the Language Server Protocol a line ends at LF, CRLF or CR. pygls, on which most language servers in Python are built,
# splits text as Python's splitlines does, at form feeds, vertical tabs, U+0085, U+2028 and others as well: behind one of them,
# each change that an editor tells is applied to another line than the one that was edited. So its text and the editor's
# differ, though each message is right. Form feeds are common in GNU's sources. Seen with 2.1.1.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pygls==2.1.1
venv/bin/python - <<'PYTHON'
from lsprotocol.types import Position, Range, TextDocumentContentChangePartial, TextDocumentSyncKind
from pygls.workspace import TextDocument

failed = False
# What stands inside the first line, and whether the second line is the one that changes then.
for name, inside, right in [
    ("nothing", "", True),
    ("tab", "\t", True),
    ("form feed", "\f", False),
    ("vertical tab", "\v", False),
    ("U+0085", "\u0085", False),
    ("U+2028", "\u2028", False),
]:
    text = f"one{inside}more\nsecond\n"
    document = TextDocument("file:///text", source=text, version=1, sync_kind=TextDocumentSyncKind.Incremental)
    second = Range(start=Position(line=1, character=0), end=Position(line=1, character=1))
    document.apply_change(TextDocumentContentChangePartial(range=second, text="S"))
    print(f"{name}: {document.source!r}")
    failed |= (document.source == text.replace("\ns", "\nS")) != right
if failed:
    raise SystemExit("not as it was")
PYTHON
