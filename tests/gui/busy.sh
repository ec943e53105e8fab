#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sessions go on while a dialog or a menu is open (Pain02), and the window is drawn while sessions are busy. Both sides
# of each comparison are counted in the same window.
. "$(dirname "$0")/common.sh"
open_probe ann --serve 0
until_true 20 find_port $probe
join cid 11

measures=0 logs=0
# measure: counts for two seconds; sets ticks, host, frames and events.
measure() {
  measures=$((measures + 1))
  echo "measure 2000" >&12
  "$@"
  until_true 20 arrived
  eval "$(grep '^measured' "$dir/probe" | tail -n 1 | cut -d' ' -f2-)"
  echo "$what: ticks $ticks, host's $host, frames $frames, events $events"
}
arrived() { [ "$(grep -c '^measured' "$dir/probe")" = "$measures" ]; }
in_log() {
  logs=$((logs + 1)); echo log >&12
  until_true 20 log_ended
  grep -qx "| .*$1" "$dir/probe"
}
log_ended() { [ "$(grep -cx 'log ends' "$dir/probe")" = "$logs" ]; }
# goes_on WHAT: in what is open now, the timer ticks and traffic is shown.
goes_on() {
  what=$1
  measure chatter "$1"
  [ "$ticks" -ge $((host - 2)) ] || fail "$what: $ticks ticks of the session's timer, $host of the host's"
  [ "$host" -ge 30 ] || fail "$what: the host itself ticked $host times in two seconds"
  until_true 20 in_log "line 20 during $1"
}
chatter() { for i in $(seq 20); do echo "line $i during $1" >&11; sleep 0.05; done; }

goes_on "nothing"
entry "$window"
xdotool key F1
until_true 20 find_window "$probe" "About.*"
goes_on "a modal dialog"
shoot dialog
xdotool key Escape
until_true 20 answers popup "popup no"
find_window "$probe" "POE chat"
entry "$window"
if [ "$toolkit" = qt ]; then xdotool mousemove --window "$window" 30 10 click 1; else xdotool key F10; fi
until_true 20 answers popup "popup yes"
goes_on "a menu"
shoot menu
answers popup "popup yes" || fail "the menu has closed meanwhile"
xdotool key Escape
until_true 20 answers popup "popup no"

# Compared one after the other, so that what else the machine does is in one of them only: the best of three counts.
keeps_drawing() {
  what="idle kernel"; measure true; idle_frames=$frames
  echo "flood on" >&12
  what="flood of events"; measure true
  shoot flood
  echo "flood off" >&12
  [ "$events" -ge 20000 ] && [ "$idle_frames" -ge 20 ] && [ $((frames * 2)) -ge "$idle_frames" ] &&
    [ "$ticks" -ge $((host - 2)) ]
}
keeps_drawing || keeps_drawing || keeps_drawing ||
  fail "flood of $events events: $frames frames of $idle_frames, $ticks ticks of our timer, $host of the host's"

until_true 20 grep -qx "flood off" "$dir/probe"

# The last word of a client that was left comes too late, and changes nothing any more.
entry "$window"
xdotool key ctrl+d
heard cid "* ann has left"
what="left"; measure true
answers status "status Not connected\. .*" || fail "what was left behind tells of its end: $(tail -n 1 "$dir/probe")"

"$BIN/close_window" "$window"
wait "$probe"; expect "exit code" 0 $?
exit 0
