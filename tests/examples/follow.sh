#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lines of a file that is rotated, and of one that comes later.
. "$(dirname "$0")/common.sh"
echo old >"$dir/a"
"$BIN/follow" "$dir/a" "$dir/b" >"$dir/out" 2>"$dir/err" &
pid=$!; started+=($pid)
begun() { echo ping >>"$dir/a" && grep -q ping "$dir/out"; }
until_true 20 begun
echo later >"$dir/b"
until_true 20 grep -q "b: later" "$dir/out"
echo one >>"$dir/a"
mv "$dir/a" "$dir/a.1"
echo two >>"$dir/a.1"
echo three >"$dir/a"
until_true 20 grep -q "a: three" "$dir/out"
expect "lines of a" "one two three" "$(sed -n "s|^$dir/a: ||p" "$dir/out" | grep -v ping | tr '\n' ' ' | sed 's/ $//')"
kill -INT $pid
wait $pid; expect "exit code after SIGINT" 0 $?

rm "$dir/out" "$dir/err" # or what the first one said would count for this one
"$BIN/follow" "$dir" "$dir/a" >"$dir/out" 2>"$dir/err" &
pid=$!; started+=($pid)
until_true 20 begun
until_true 20 grep -q "^follow: " "$dir/err"
kill -INT $pid
wait $pid; expect "exit code after an error" 1 $?
