#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lines come back, also to a client that half-closes; many clients; a taken port is an error.
. "$(dirname "$0")/common.sh"
serve echo
expect "half-closed" "a b" "$(printf 'a\nb\nunfinished' | timeout 20 nc -N 127.0.0.1 "$port" | tr '\n' ' ' | sed 's/ $//')"
seq 1 50000 >"$dir/numbers"
for i in 1 2 3 4 5; do timeout 30 nc -N 127.0.0.1 "$port" <"$dir/numbers" >"$dir/back.$i" & clients[i]=$!; done
for i in 1 2 3 4 5; do wait "${clients[i]}"; cmp "$dir/numbers" "$dir/back.$i" || fail "client $i got something else"; done
"$BIN/echo" "$port" >"$dir/second" 2>&1; expect "taken port: exit code" 1 $?
grep -q "in use" "$dir/second" || fail "the error does not say why"
stop_server
