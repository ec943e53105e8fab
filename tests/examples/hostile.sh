#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# chat against clients that mean harm, and a system that has too few descriptors: others lose nothing, memory and CPU
# stay bounded, nobody crashes.
. "$(dirname "$0")/common.sh"
memory() { awk '/VmRSS/ { print $2 }' "/proc/$server/status"; }             # KiB
cpu() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }                   # ticks of 10 ms
switches() { awk '/voluntary_ctxt/ { n += $2 } END { print n }' "/proc/$server/status"; }
alive() { kill -0 "$server" 2>/dev/null || fail "the server has died"; }
# reads lines until one matches, from the client on descriptor 10
hears() { local line; while IFS= read -r -t 20 line <&10; do [[ $line == $1 ]] && return; done; fail "never heard: $1"; }

ulimit -n 64
serve chat
exec 10<>"/dev/tcp/127.0.0.1/$port"
echo "/nick ann" >&10; hears "*ann is here"

before=$(memory)
head -c 100000000 /dev/zero | tr '\0' 'x' | timeout 60 nc -N 127.0.0.1 "$port" >"$dir/flood" 2>/dev/null
alive
grown=$(($(memory) - before))
[ -n "${POE_TEST_SANITIZED:-}" ] || [ $grown -lt 4096 ] || fail "100 MB on one line cost $grown KiB"
echo "still here" >&10; hears "ann: still here"

# More clients than descriptors. Each half-sent line must stay undelivered.
crowd() {
  local i crowd=() spent pid reports
  mkfifo "$dir/hold"
  exec 9<>"$dir/hold" # each client waits for a line of it
  for i in $(seq 1 100); do
    { printf 'half'; read -r -t 60 <&9; } | nc 127.0.0.1 "$port" >/dev/null 2>&1 9>&- & crowd[i]=$!; started+=($!)
  done
  until_true 20 grep -q "open files" "$dir/server.err"
  spent=$(cpu); sleep 1; spent=$(($(cpu) - spent))
  [ $spent -lt 20 ] || fail "$spent % CPU while out of descriptors"
  echo "and now" >&10; hears "ann: and now"
  for pid in "${crowd[@]}"; do kill "$pid" 2>/dev/null; done
  for i in $(seq 1 100); do echo; done >&9
  wait "${crowd[@]}" 2>/dev/null
  exec 9>&-
  reports=$(grep -c "open files" "$dir/server.err")
  [ "$reports" -le 6 ] || fail "$reports error lines in about 3 seconds"
}
# UBSan looks at an object's type through a pipe of its own: without descriptors it takes every object for broken.
case ${POE_TEST_SANITIZED:-} in
*undefined*) echo "NOT TESTED: too few descriptors; UBSan needs some itself" ;;
*) crowd ;;
esac

exec 10>&- 10<&-
serves_again() { echo "/quit" | timeout 5 nc 127.0.0.1 "$port" | grep -q /nick; }
until_true 20 serves_again

# settled: the last two readings are equal.
settled() { local now=$(switches) then=$last; last=$now; [ "$now" = "$then" ]; }
# Idle: no wake-ups without timers. For TSan's sake the loop select waits in slices (select_loop.cpp).
idle() {
  local before last=
  until_true 20 settled
  before=$(switches); sleep 1
  expect "context switches while idle" 0 $(($(switches) - before))
}
case ${POE_TEST_SANITIZED:-}/$POE_EVENT_LOOP in
thread/select) echo "NOT TESTED: wake-ups while idle" ;;
*) idle ;;
esac
stop_server
