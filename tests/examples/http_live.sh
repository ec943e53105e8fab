#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The live page with somebody else's WebSocket client and curl as the listener of events.
. "$(dirname "$0")/common.sh"
serve http_live
at=http://127.0.0.1:$port
timeout 20 curl -sS "$at/" | grep -q 'new WebSocket' || fail "no page"
timeout 60 curl -sSN -D "$dir/head" "$at/events" >"$dir/events" 2>/dev/null & listener=$!; started+=($listener)
until_true 20 grep -q text/event-stream "$dir/head"
timeout 70 "${PYTHON:-python3}" "$(dirname "$0")/http_live.py" "$port" >"$dir/client" 2>&1 || fail "the WebSocket client"
until_true 20 grep -q '^data: hello$' "$dir/events"
grep -q '^data: grüße$' "$dir/events" || fail "the events are others"
[ -s "$dir/server.err" ] && fail "it complains"
stop_server
wait "$listener"
true
