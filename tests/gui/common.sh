# SPDX-License-Identifier: MIT
# Sourced by the tests of the windows: a display of their own, and hands for it. There is no window manager: whoever wants
# to type gives the window the focus, and clicks first.
toolkit=$1
POE_EVENT_LOOP=${POE_EVENT_LOOP:-$toolkit} # a name for messages; a window's kernel joins its toolkit whatever it says
. "$(dirname "$0")/../examples/common.sh"
unset POE_EVENT_LOOP
for program in Xvfb xdotool import nc; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program (tools/install-deps gui)"; exit 77; }
done
export QT_QPA_PLATFORM=xcb GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=none NO_AT_BRIDGE=1 LC_ALL=C.UTF-8
export XDG_RUNTIME_DIR=$dir GSETTINGS_BACKEND=memory
unset WAYLAND_DISPLAY
exec 8>&2 # until_true hides what its command says
fail() {
  shoot failed
  echo "FAILED in $toolkit: $*" >&8
  for f in "$dir"/*; do [ -f "$f" ] && { echo "--- $f"; head -c 2000 "$f"; }; done >&8
  exit 1
}

mkdir -p "$SHOTS"
# It says the number of a free display. -noreset: between two clients it would begin anew, and lose the next one.
Xvfb -noreset -r -displayfd 9 -screen 0 1160x520x24 -nolisten tcp 9>"$dir/display" >"$dir/xvfb.out" 2>&1 &
started+=($!)
until_true 20 grep -q . "$dir/display"
export DISPLAY=:$(cat "$dir/display")

shoot() { import -window root "$SHOTS/$toolkit-$1.png" 2>/dev/null; }

# find_window PID TITLE: sets window; fails if there is none (yet), the whole test if its program is no more.
find_window() {
  kill -0 "$1" || fail "program $1 has ended before its window \"$2\" came"
  window=$(xdotool search --all --onlyvisible --pid "$1" --name "^$2\$" 2>/dev/null | head -n 1)
  [ -n "$window" ]
}
# open_probe NAME [OPTIONS]: a window with a probe beside it (probe.hpp): commands to descriptor 12, answers in $dir/probe.
# Sets probe and window.
open_probe() {
  rm -f "$dir/commands"
  mkfifo "$dir/commands"
  "$BIN/${toolkit}_probe" --nick "$@" <"$dir/commands" >"$dir/probe" 2>"$dir/probe.err" &
  probe=$!; started+=($probe)
  exec 12>"$dir/commands"
  until_true 20 grep -q ready "$dir/probe"
  until_true 20 find_window $probe "POE chat"
}
# answers COMMAND PATTERN: whether the probe's answer to the command matches as a whole.
answers() {
  local before=$(wc -l <"$dir/probe")
  echo "$1" >&12
  until_true 20 eval '[ "$(wc -l <"$dir/probe")" -gt $before ]'
  tail -n 1 "$dir/probe" | grep -qx "$2"
}
# drawn WINDOW: whether anything is to be seen in it.
drawn() { [ "$(import -window "$1" -format %k info:)" -gt 8 ]; }
# entry WINDOW: clicks into the line for typing, which is near the lower edge.
entry() {
  local WIDTH HEIGHT X Y SCREEN WINDOW
  eval "$(xdotool getwindowgeometry --shell "$1")"
  xdotool windowfocus "$1" mousemove --window "$1" $((WIDTH / 3)) $((HEIGHT - 50)) click 1
}
# type_into WINDOW TEXT
type_into() { entry "$1"; xdotool type --delay 4 -- "$2"; xdotool key Return; }
size_of() { local WIDTH HEIGHT X Y SCREEN WINDOW; eval "$(xdotool getwindowgeometry --shell "$1")"; echo "${WIDTH}x$HEIGHT"; }
# join NAME FD: a client outside, whose input we write to, output in $dir/NAME.
join() {
  mkfifo "$dir/$1.in"
  nc 127.0.0.1 "$port" <"$dir/$1.in" >"$dir/$1" &
  started+=($!); eval "pid_$1=$!"
  eval "exec $2>'$dir/$1.in'"
  rm "$dir/$1.in"
  echo "/nick $1" >&"$2"
  until_true 20 grep -q "^\* $1 is here" "$dir/$1"
}
heard() { until_true 20 grep -qxF "$2" "$dir/$1"; }
