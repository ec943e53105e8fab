#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Tk window on a screen of its own: a click reaches the session, closing the window ends the program.
POE_EVENT_LOOP=tcl
. "$(dirname "$0")/common.sh"
Xvfb -noreset -r -displayfd 3 -screen 0 640x480x24 -nolisten tcp 3>"$dir/display" 2>/dev/null &
started+=($!)
until_true 20 test -s "$dir/display"
DISPLAY=:$(cat "$dir/display")
export DISPLAY
"$BIN/counter_tk" >"$dir/out" 2>"$dir/err" &
program=$!; started+=($program)
window() { xdotool search --name '^Counter$' | head -n 1 | grep .; }
until_true 20 window >"$dir/window"
click() { xdotool mousemove --window "$(window)" 160 130 click 1 && grep -q '^anew after' "$dir/out"; }
until_true 20 click # again, until the window has been drawn
xdotool key --window "$(window)" Escape 2>"$dir/gone" # it is, before the key comes up again
wait "$program"; expect "exit code" 0 $?
grep -q '^stopped at' "$dir/out" || fail "the session was not stopped"
