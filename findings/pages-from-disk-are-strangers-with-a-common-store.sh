#!/usr/bin/env bash
# To Chromium every page from disk has an origin of its own, "null": it may not fetch the file beside it. But 'self' in its
# Content-Security-Policy is the disk, so that scripts beside it run; and localStorage is one for all pages from disk, so
# that what one folder's pages keep, those of any other folder read. Seen with Chromium 156 of Debian 12.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
command -v chromium >/dev/null || { echo "Chromium is not installed" >&2; exit 1; }
chromium --version 2>/dev/null
mkdir one other
echo '{}' >one/data.json
echo 'globalThis.ran = true;' >one/beside.js
cat >one/page.html <<'HTML'
<!DOCTYPE html>
<meta http-equiv="Content-Security-Policy" content="script-src 'self' 'unsafe-inline'">
<script src="beside.js"></script>
<script>
  localStorage.setItem("kept", "by one");
  const seen = [`origin ${origin}`, `script ${globalThis.ran ? "ran" : "did not run"}`];
  fetch("data.json").then(() => "fetched", () => "fetch refused").then((result) => {
    location.href = `../other/page.html#${[...seen, result].join(", ")}`;
  });
</script>
HTML
cat >other/page.html <<'HTML'
<!DOCTYPE html>
<p></p>
<script>
  document.querySelector("p").textContent = `${decodeURI(location.hash)}, kept ${localStorage.getItem("kept")}`;
</script>
HTML
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --virtual-time-budget=5000 \
  --dump-dom "file://$PWD/one/page.html" 2>/dev/null | grep '<p>' | tee seen
grep -q 'origin null, script ran, fetch refused, kept by one' seen || { echo "not as it was"; exit 1; }
