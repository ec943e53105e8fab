#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two windows and a client without one: a server in the first window's process, which the second joins from another.
. "$(dirname "$0")/common.sh"
open_window() { # open_window NAME [OPTIONS]: sets pid and window
  "$BIN/chat_$toolkit" --nick "$@" >"$dir/$1.out" 2>&1 &
  pid=$!; started+=($pid)
  until_true 20 find_window $pid "POE chat"
}
open_window ann --serve 0
ann=$pid ann_window=$window
until_true 20 find_port $ann
join cid 11
open_window bob --connect "127.0.0.1:$port"
bob=$pid bob_window=$window
xdotool windowmove "$bob_window" 584 0
heard cid "* bob is here"

echo "hello, windows" >&11
type_into "$ann_window" "Typed into the first window"
heard cid "ann: Typed into the first window"
type_into "$bob_window" "and into the second, of another process"
heard cid "bob: and into the second, of another process"
type_into "$ann_window" "/msg bob this is for you alone"
type_into "$ann_window" "good"
heard cid "ann: good"
grep -q alone "$dir/cid" && fail "cid heard what was for bob"
shoot talk

# A session that ends closes nothing of the host's: the window stays, and can join again through its dialog.
type_into "$bob_window" "/quit"
heard cid "* bob has left"
kill -0 "$bob" || fail "the program ended with its session"
entry "$bob_window"
xdotool key ctrl+n
until_true 20 find_window "$bob" Connect
until_true 20 drawn "$window"
shoot connect
xdotool windowfocus --sync "$window" key Return
came_back() { [ "$(grep -cx '\* bob is here' "$dir/cid")" = 2 ]; }
until_true 20 came_back
type_into "$bob_window" "here again"
heard cid "bob: here again"

# A closed window ends its sessions, and with them its program; the others go on.
"$BIN/close_window" "$bob_window"
wait "$bob"; expect "exit code of the second window" 0 $?
came_and_went() { [ "$(grep -cx '\* bob has left' "$dir/cid")" = 2 ]; }
until_true 20 came_and_went
type_into "$ann_window" "still here"
heard cid "ann: still here"
# With the first window the server goes, which is a session: its clients see the end.
"$BIN/close_window" "$ann_window"
wait "$ann"; expect "exit code of the first window" 0 $?
exec 11>&-
wait "$pid_cid" || fail "the client was not told"

for name in ann bob; do # toolkits complain on standard error
  grep -i "critical\|assert\|poe:\|error" "$dir/$name.out" && fail "$name complained"
done

# Without a server the window says so, and ends when it is closed.
open_probe eve --connect "127.0.0.1:$port"
until_true 20 answers status "status Not connected to 127.0.0.1:$port: .*"
shoot alone
"$BIN/close_window" "$window"
wait "$probe"; expect "exit code of a window without sessions" 0 $?
exit 0
