#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a push does depends on the state; a call to another state comes back; the diagram marks where it is.
. "$(dirname "$0")/common.sh"
"$BIN/turnstile" push coin coin push kick push coin dot >"$dir/out" || fail "exit code $?"
expect "lines" "locked, 0 coins|pay first|unlocked, 1 coins|thank you, 2 coins|locked, 2 coins|broken|locked, 2 coins|pay first|unlocked, 3 coins" \
  "$(sed '/digraph/,$d' "$dir/out" | paste -sd '|')"
grep -q '"locked" -> "unlocked" \[label="coin"\];' "$dir/out" || fail "no arrow for a coin"
grep -q '"unlocked" \[label=.*style="rounded,filled"\];' "$dir/out" || fail "the present state is not marked"
