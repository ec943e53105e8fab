#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Texts come in the order of their times; Ctrl-C ends it before.
. "$(dirname "$0")/common.sh"
expect "order" "a b c done" "$("$BIN/alarm" 0.8 b 0.1 a 1.5 c 2>/dev/null | tr "\n" " " | sed "s/ $//")"
[ "$POE_EVENT_LOOP" = sim ] && exit 0 # its hours take no time
"$BIN/alarm" 0 first 1000 never >"$dir/out" 2>"$dir/err" &
pid=$!; started+=($pid)
until_true 20 grep -q first "$dir/out"
kill -INT $pid
wait $pid; expect "exit code after SIGINT" 0 $?
expect "said" "first done" "$(tr '\n' ' ' <"$dir/out" | sed 's/ $//')"
