#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real clients: talk, whisper, leave, be killed in mid-line.
. "$(dirname "$0")/common.sh"
serve chat </dev/null # its standard input is closed: of no importance to it

# join NAME FD: a client whose input we write to, output in $dir/NAME
join() {
  mkfifo "$dir/$1.in"
  nc 127.0.0.1 "$port" <"$dir/$1.in" >"$dir/$1" &
  started+=($!); eval "pid_$1=$!"
  eval "exec $2>'$dir/$1.in'"
  rm "$dir/$1.in"
  echo "/nick $1" >&"$2"
  until_true 20 grep -q "^\* $1 is here" "$dir/$1"
}
join ann 11
join bob 12
join cid 13
echo "hello all" >&11
until_true 20 grep -qx "ann: hello all" "$dir/bob"
until_true 20 grep -qx "ann: hello all" "$dir/cid"
echo "/msg bob psst" >&13
until_true 20 grep -qx "cid (to you): psst" "$dir/bob"
grep -q psst "$dir/ann" && fail "ann heard what was for bob"
echo "/nick ann" >&12
until_true 20 grep -q "alias" "$dir/bob"

printf 'half a li' >&13
kill -9 "$pid_cid"; exec 13>&-
until_true 20 grep -qx "\* cid has left" "$dir/ann"
grep -q "half a li" "$dir/ann" && fail "half a line was delivered"

echo "/quit" >&12
until_true 20 grep -qx "\* bob has left" "$dir/ann"
join cid 14 # the name is free again
echo "welcome back" >&11
until_true 20 grep -qx "ann: welcome back" "$dir/cid"
exec 11>&- 12>&- 14>&-
stop_server
