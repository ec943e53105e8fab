#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Help and errors of a window's program, before there is a window: none of these needs a display.
toolkit=$1
POE_EVENT_LOOP=$1 # a name for messages
. "$(dirname "$0")/../examples/common.sh"
unset DISPLAY WAYLAND_DISPLAY QT_QPA_PLATFORM GDK_BACKEND
check() { # check CODE OPTION...
  "$BIN/chat_$toolkit" "${@:2}" >"$dir/out" 2>"$dir/err" </dev/null; expect "chat_$toolkit ${*:2}: exit code" "$1" $?
}
check 0 --help
grep -q -- "--connect" "$dir/out" || fail "--help does not say how to connect"
[ -s "$dir/err" ] && fail "--help says something on standard error"
check 2 --frob
grep -q -- "chat_$toolkit: .*--frob.*--help" "$dir/err" || fail "the wrong option is not named"
check 2 --serve 0 --connect localhost:7007
check 1
grep -q "cannot open a window" "$dir/err" || fail "no word of the missing display"
[ -s "$dir/out" ] && fail "an error on standard output"
exit 0
