#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files are named once they are complete, and once each; the folder may go and come back.
. "$(dirname "$0")/common.sh"
in=$dir/in
mkdir "$in"
"$BIN/inbox" "$in" '*.csv' >"$dir/out" 2>"$dir/err" &
pid=$!; started+=($pid)
begun() { echo x >"$in/begin.csv" && grep -q "take $in/begin.csv" "$dir/out"; }
until_true 20 begun
echo a >"$in/a.tmp"
echo more >>"$in/a.tmp"
mv "$in/a.tmp" "$in/a.csv"
exec 3>"$in/slow.csv"
echo one >&3
echo b >"$in/b.csv"
until_true 20 grep -q "take $in/b.csv" "$dir/out"
grep -q slow "$dir/out" && fail "it was still being written"
exec 3>&-
until_true 20 grep -q "take $in/slow.csv" "$dir/out"
expect "names" "a b slow" "$(sed -n "s|^take $in/\(.*\).csv|\1|p" "$dir/out" | grep -v begin | tr '\n' ' ' | sed 's/ $//')"
rm -r "$in"
until_true 20 grep -q "no folder" "$dir/err"
mkdir "$in"
echo c >"$in/c.csv"
until_true 20 grep -q "take $in/c.csv" "$dir/out"
kill -INT $pid
wait $pid; expect "exit code after SIGINT" 0 $?
