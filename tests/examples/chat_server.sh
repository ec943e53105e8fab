#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two clients hear each other, come and go; a taken port is an error.
. "$(dirname "$0")/common.sh"
serve chat_server
# join NAME FD: a client whose input we write to, output in $dir/NAME
join() {
  mkfifo "$dir/$1.in"
  nc 127.0.0.1 "$port" <"$dir/$1.in" >"$dir/$1" & started+=($!); eval "pid_$1=$!"
  eval "exec $2>'$dir/$1.in'"
  rm "$dir/$1.in"
  until_true 20 grep -q "^others here: " "$dir/$1"
}
join ann 11
join bob 12
echo hello >&12
until_true 20 grep -qE '^127\.0\.0\.1:[0-9]+ joins' "$dir/ann"
until_true 20 grep -qE '^127\.0\.0\.1:[0-9]+ says: hello' "$dir/ann"
echo "good day" >&11
until_true 20 grep -qE '^127\.0\.0\.1:[0-9]+ says: good day' "$dir/bob"
grep -q "good day" "$dir/ann" && fail "ann hears herself"
kill "$pid_bob"
until_true 20 grep -qE '^127\.0\.0\.1:[0-9]+ leaves' "$dir/ann"
"$BIN/chat_server" "$port" >"$dir/second" 2>&1; expect "taken port: exit code" 1 $?
grep -q "in use" "$dir/second" || fail "the error does not say why"
exec 11>&- 12>&-
stop_server
