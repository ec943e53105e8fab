#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Several kernels answer on one port; Ctrl-C ends them all, an idle connection two seconds later by force.
. "$(dirname "$0")/common.sh"
serve many_kernels 3
expect "kernels" 3 "$(sed -n 's/^\([0-9]*\) kernels.*/\1/p' "$dir/server.out")"
# Each connection lands on one of them by a hash of its address: of 200 none is left out, but by a chance of 3 * (2/3)^200.
answered() { [ "$(cut -d: -f1 "$dir/answers" | sort -u | paste -sd ' ')" = "0 1 2" ]; }
: >"$dir/answers"
for i in $(seq 1 200); do
  printf 'hello %s\n' "$i" | timeout 20 nc -N 127.0.0.1 "$port" >>"$dir/answers" || fail "connection $i"
  answered && break # the other threads may start listening a moment later
done
answered || fail "some kernel never answered"
expect "answers" "$i" "$(grep -c ': hello' "$dir/answers")"
stop_server
timeout 5 nc -N 127.0.0.1 "$port" </dev/null 2>/dev/null && fail "somebody still listens"

serve many_kernels 2
mkfifo "$dir/nothing"; exec 9<>"$dir/nothing"
timeout 60 nc 127.0.0.1 "$port" <"$dir/nothing" >"$dir/idle" & started+=($!)
until_true 20 grep -q "$(printf ':%04X' "$port") [0-9A-F:]* 01" /proc/net/tcp
stop_server # within the limit of the test: the idle connection is cut
grep -q "did not end in time" "$dir/server.err" || fail "nobody was named"
exit 0
