# SPDX-License-Identifier: MIT
# Sourced by the tests of the examples. BIN is where they are, POE_EVENT_LOOP the loop under test.
set -um # -m: background programs must not start with SIGINT ignored
dir=$(mktemp -d)
started=()
cleanup() {
  for pid in "${started[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2>/dev/null; done
  rm -rf "$dir"
}
trap cleanup EXIT

fail() { echo "FAILED on $POE_EVENT_LOOP: $*" >&2; for f in "$dir"/*; do [ -f "$f" ] && echo "--- $f" && head -c 2000 "$f"; done >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

# until_true SECONDS COMMAND...: waits for something other processes do; there is no event for it in a shell.
until_true() {
  local left=$(($1 * 50)); shift
  until "$@" 2>/dev/null; do left=$((left - 1)); [ $left -gt 0 ] || fail "never true: $*"; sleep 0.02; done
}

# find_port PID: sets port to where that process listens, as the system sees it; fails if it does not (yet).
find_port() {
  local inode at
  for inode in $(ls -l "/proc/$1/fd" | sed -n 's/.* socket:\[\([0-9]*\)\]$/\1/p'); do
    at=$(awk -v inode="$inode" '$10 == inode && $4 == "0A" { print substr($2, 10) }' /proc/net/tcp)
    [ -n "$at" ] && port=$((16#$at)) && return
  done
  return 1
}

# serve PROGRAM [ARGS]: starts a server on a free port; sets server and port.
serve() {
  local program=$1; shift
  rm -f "$dir/server.out"  # what an earlier one said
  "$BIN/$program" 0 "$@" >"$dir/server.out" 2>"$dir/server.err" &
  server=$!; started+=($server)
  until_true 20 grep -q listening "$dir/server.out"
  port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$dir/server.out")
}

# stop_server: Ctrl-C must end it cleanly.
stop_server() {
  kill -INT "$server"
  wait "$server"; expect "exit code after SIGINT" 0 $?
}
