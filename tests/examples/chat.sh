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

# The console client: says what it reads, and leaves at its end; ends when the server does.
echo "from the console" | "$BIN/chat" 127.0.0.1 "$port" dora >"$dir/dora" 2>"$dir/dora.err"
expect "exit code of the client" 0 $?
until_true 20 grep -qx "dora: from the console" "$dir/cid"
until_true 20 grep -qx "\* dora has left" "$dir/cid"
grep -qx "dora: from the console" "$dir/dora" || fail "dora does not hear herself"
mkfifo "$dir/eve.in"
"$BIN/chat" 127.0.0.1 "$port" eve <"$dir/eve.in" >"$dir/eve" 2>"$dir/eve.err" &
eve=$!; started+=($eve); exec 15>"$dir/eve.in"; rm "$dir/eve.in"
until_true 20 grep -qx "\* eve is here" "$dir/eve"
exec 11>&- 12>&- 14>&-
stop_server
wait "$eve"; expect "exit code of the client that was left" 0 $?
"$BIN/chat" 127.0.0.1 "$port" eve </dev/null >"$dir/eve" 2>"$dir/eve.err"; expect "exit code without a server" 0 $?
grep -q "Not connected to 127.0.0.1:$port: Connection refused" "$dir/eve.err" || fail "no reason given"
