#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The live page in a real browser: typed into, and another visitor's words appear, both ways. SHOTS: where its picture goes.
. "$(dirname "$0")/common.sh"
serve http_live
# Root has no sandbox; a browser with one is what it is everywhere else.
sandbox=()
[ "$(id -u)" = 0 ] && sandbox=(--no-sandbox)
"$CHROMIUM" --headless --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions --disable-sync \
  --disable-background-networking --window-size=1000,760 --user-data-dir="$dir/profile" --remote-debugging-port=0 \
  "${sandbox[@]}" about:blank >"$dir/browser.out" 2>&1 &
browser=$!; started+=($browser)
until_true 40 test -s "$dir/profile/DevToolsActivePort"
mkdir -p "$SHOTS"
timeout 60 "${PYTHON:-python3}" "$(dirname "$0")/http_browser.py" "$port" "$(head -1 "$dir/profile/DevToolsActivePort")" \
  "$SHOTS/http_live.$POE_EVENT_LOOP.png" >"$dir/client" 2>&1 || fail "the browser's page"
[ -s "$dir/server.err" ] && fail "it complains"
stop_server
kill "$browser" 2>/dev/null
wait "$browser" 2>/dev/null
true
