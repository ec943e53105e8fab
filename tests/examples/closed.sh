#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Started without standard input, output or error, programs work all the same: what the loop opens does not get those
# numbers, nothing is printed into a socket, nothing aborts (libuv does, for a descriptor of its own below 3).
. "$(dirname "$0")/common.sh"
run() { "$@"; expect "$*: exit code" 0 $?; }
run "$BIN/counter" <&- >"$dir/counter"
expect "lines of counter" 120 "$(wc -l <"$dir/counter")"
run "$BIN/counter" <&- >&- 2>&-
run "$BIN/alarm" 0 tea <&- >"$dir/alarm" 2>&-
expect "alarm" "tea done" "$(tr '\n' ' ' <"$dir/alarm" | sed 's/ $//')"
run "$BIN/alarm" 0 tea <&- >&- 2>&-
[ "$POE_EVENT_LOOP" = sim ] && exit 0

for program in echo chat; do
  "$BIN/$program" 0 <&- >&- 2>&- &
  server=$!; started+=($server)
  until_true 20 find_port "$server" # it cannot say where it listens
  for fd in 0 1 2; do expect "$program: descriptor $fd" /dev/null "$(readlink "/proc/$server/fd/$fd")"; done
  if [ $program = echo ]; then
    expect "echo" "hello" "$(echo hello | timeout 20 nc -N 127.0.0.1 "$port")"
  else
    echo /quit | timeout 20 nc 127.0.0.1 "$port" | grep -q /nick || fail "chat does not greet"
  fi
  stop_server
done
