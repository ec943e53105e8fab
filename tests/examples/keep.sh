#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that fails is started again until it does not; Ctrl-C ends it with all it has started.
. "$(dirname "$0")/common.sh"
"$BIN/keep" sh -c "echo run; echo trouble >&2; test -e $dir/twice || { touch $dir/twice; exit 3; }" >"$dir/out" 2>"$dir/err"
expect "exit code" 0 $?
expect "runs" 2 "$(grep -c "out: run" "$dir/out")"
expect "errors" 2 "$(grep -c "err: trouble" "$dir/out")"
expect "ends" "keep: code 3, signal 0 keep: code 0, signal 0" "$(grep keep: "$dir/out" | tr '\n' ' ' | sed 's/ $//')"
"$BIN/keep" no-such-program-for-poe >"$dir/out" 2>"$dir/err"
expect "exit code of what cannot be started" 1 $?
grep -q 'cannot exec "no-such-program-for-poe"' "$dir/err" || fail "does not say what cannot be started"

"$BIN/keep" sh -c 'sleep 1000 & echo $!; wait' >"$dir/out" 2>"$dir/err" &
pid=$!; started+=($pid)
until_true 20 grep -q "out: " "$dir/out"
sleeper=$(sed -n 's/^out: //p' "$dir/out")
kill -INT $pid
wait $pid; expect "exit code after SIGINT" 0 $?
gone() { ! kill -0 "$sleeper" || grep -q '^State:.Z' "/proc/$sleeper/status"; }
until_true 20 gone
