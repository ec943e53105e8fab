#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A window of another size still is one: it is typed into, and its log still shows what comes last, unless somebody has
# scrolled up to read.
. "$(dirname "$0")/common.sh"
open_probe ann --serve 0
until_true 20 find_port $probe
join cid 11

view() { echo view >&12; until_true 20 viewed; tail -n 1 "$dir/probe"; }
viewed() { tail -n 1 "$dir/probe" | grep -q '^view'; }
# resize WIDTH HEIGHT: until it is laid out; a click before that goes to where things were.
resize() {
  was=$(size_in_view)
  xdotool windowsize --sync "$window" "$1" "$2"
  expect "size" "$1x$2" "$(size_of "$window")"
  until_true 20 laid_out
}
laid_out() { [ "$(size_in_view)" != "$was" ]; }
size_in_view() { answers view "view .*" && tail -n 1 "$dir/probe" | cut -d' ' -f2; }
# shows WORD: end, or above
shows() { until_true 20 answers view "view [0-9x]* $1"; }
say() { echo "$1" >&11; until_true 20 said "$1"; }
said() { echo log >&12; until_true 20 ended; grep -qx "| cid *$1" "$dir/probe"; }
ended() { [ "$(tail -n 1 "$dir/probe")" = "log ends" ]; }

for i in $(seq 5); do say "line $i"; done
shows end
resize 420 300
shows end
say "in a smaller one"
shows end
type_into "$window" "smaller"
heard cid "ann: smaller"
shows end
shoot resized
resize 420 260
shows end
resize 300 300 # lines are wrapped otherwise
shows end
resize 380 300 # wider only
shows end
# Whoever has scrolled up stays where they are, until they come back to the end; but wxTextCtrl::AppendText() goes there.
if [ "$toolkit" != wx ]; then
  xdotool mousemove --window "$window" 150 120 click --repeat 3 4
  shows above
  say "not to be seen"
  shows above
  xdotool click --repeat 9 5
  shows end
fi
resize 560 400
say "in a larger one"
shows end
type_into "$window" "larger"
heard cid "ann: larger"
shows end
shoot larger

"$BIN/close_window" "$window"
wait "$probe"; expect "exit code" 0 $?
exit 0
