#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The whole screen of a terminal, its keys, another size; and the screen from before comes back, also after a crash.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/terminal.sh"

"$BIN/curses_clock" </dev/null >"$dir/out" 2>"$dir/err"
expect "exit code without a terminal" 1 $?
grep -q 'terminal' "$dir/err" || fail "does not say that there is no terminal"

open_terminal 60 20
keys 'echo before' Enter
until_true 20 shows '^before'
keys "$BIN/curses_clock; echo code \$?" Enter
until_true 20 shows '[0-9][0-9]:[0-9][0-9]:[0-9][0-9]'
until_true 20 shows 'last key: none .* 60 columns'
expect "rows of the shell" 0 "$(screen | grep -c before)"
keys é
until_true 20 shows 'last key: character 233'
keys C-c
until_true 20 shows 'last key: character 3 '
terminal resize-window -x 50 -y 15
until_true 20 shows '50 columns'
keys q
until_true 20 shows '^code 0'
until_true 20 shows '^before'
settings_are_usual

keys "echo before; $BIN/curses_clock; echo code \$?" Enter
until_true 20 shows 'last key'
pid=$(terminal display-message -p '#{pane_pid}')
kill -SEGV "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"
until_true 20 shows 'code 139'
until_true 20 shows '^before'
settings_are_usual
