#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# host.sh PROGRAM: sessions run in the host's loop, and the host goes on without them (Pain43).
POE_EVENT_LOOP=$1 # a name for messages
. "$(dirname "$0")/common.sh"
timeout 30 env -u POE_EVENT_LOOP "$BIN/$1" >"$dir/out" 2>"$dir/err"; expect "exit code" 0 $?
expect "standard error" "" "$(cat "$dir/err")"
expect "output" "session: tick 1
session: tick 2
session: tick 3
host: the sessions have ended, I go on
host: the end" "$(cat "$dir/out")"
