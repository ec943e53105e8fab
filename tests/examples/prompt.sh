#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A person at a terminal: edits a line while others are printed, completes, walks the history, stops and goes on,
# resizes, and the terminal is as it was. Then without a terminal.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/terminal.sh"

expect "from a pipe" "you said: hello" "$(echo 'say hello' | "$BIN/prompt")"

open_terminal 60 20
keys "$BIN/prompt" Enter
until_true 20 shows '^poe> *$'
keys 'sa' Tab 'worl!' Left d
until_true 20 shows '^tick 2'
until_true 20 shows '^poe> say world!$'
expect "prompts on the screen: the ticks left no rest" 1 "$(screen | grep -c '^poe> ')"
keys Enter
until_true 20 shows '^you said: world!'
keys Up
until_true 20 shows '^poe> say world!$'
terminal resize-window -x 40 -y 15
until_true 20 shows '^poe> say world!$'
keys C-c
until_true 20 shows 'world!^C'
keys half C-z
until_true 20 shows 'Stopped'
settings_are_usual
keys fg Enter
until_true 20 shows '^poe> half$'
keys C-u quit Enter
until_true 20 shows '^shell:$'
settings_are_usual

keys "$BIN/prompt; echo code \$?" Enter
until_true 20 shows '^poe> *$'
pid=$(terminal display-message -p '#{pane_pid}')
kill -SEGV "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"
until_true 20 shows 'code 139'
settings_are_usual
