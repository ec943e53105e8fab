#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lines come back, also to a client that half-closes; many clients; a taken port is an error.
. "$(dirname "$0")/common.sh"
for program in echo echo_coroutine; do
  serve "$program"
  expect "$program: half-closed" "a b" "$(printf 'a\nb\nunfinished' | timeout 20 nc -N 127.0.0.1 "$port" | tr '\n' ' ' | sed 's/ $//')"
  seq 1 50000 >"$dir/numbers"
  for i in 1 2 3 4 5; do timeout 30 nc -N 127.0.0.1 "$port" <"$dir/numbers" >"$dir/back.$i" & clients[i]=$!; done
  for i in 1 2 3 4 5; do wait "${clients[i]}"; cmp "$dir/numbers" "$dir/back.$i" || fail "$program: client $i got something else"; done
  "$BIN/$program" "$port" >"$dir/second" 2>&1; expect "$program: taken port: exit code" 1 $?
  grep -q "in use" "$dir/second" || fail "the error does not say why"
  stop_server
done
