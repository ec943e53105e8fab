#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files and standard input arrive whole; what cannot be done is said.
. "$(dirname "$0")/common.sh"
# receive: sets port and listener; what comes goes to $dir/received. nc cannot be given "any free port": it tries some
# below those the system hands out, until it gets one.
receive() {
  local attempt
  for attempt in {1..50}; do
    nc -l -d 127.0.0.1 $((10000 + RANDOM % 20000)) >"$dir/received" 2>"$dir/nc" &
    listener=$!; started+=($listener)
    until_true 20 listens_or_gone
    find_port "$listener" 2>/dev/null && return
    wait "$listener"
  done
  fail "no free port"
}
listens_or_gone() { find_port "$listener" || ! kill -0 "$listener"; }

seq 1 100000 >"$dir/one"
printf 'no newline at the end' >"$dir/two"
receive
"$BIN/logship" 127.0.0.1 "$port" "$dir/one" "$dir/two" || fail "files: exit code $?"
wait "$listener"
expect "lines" "$(( $(wc -l <"$dir/one") + 1 ))" "$(wc -l <"$dir/received")"
grep -v newline "$dir/received" | cmp - "$dir/one" || fail "lines of a file came in another order"
grep -qx 'no newline at the end' "$dir/received" || fail "the unfinished line is missing"

receive
seq 1 1000 | "$BIN/logship" localhost "$port" || fail "standard input: exit code $?"
wait "$listener"
seq 1 1000 | cmp - "$dir/received" || fail "standard input did not arrive"

"$BIN/logship" 127.0.0.1 "$port" <&- 2>"$dir/err"; expect "closed standard input: exit code" 2 $?

"$BIN/logship" 127.0.0.1 "$port" "$dir/one" 2>"$dir/err"; expect "refused: exit code" 1 $?
grep -qi refused "$dir/err" || fail "the error does not say why"
receive
"$BIN/logship" 127.0.0.1 "$port" "$dir/missing" 2>"$dir/err"; expect "missing file: exit code" 1 $?
grep -q "missing.*No such file" "$dir/err" || fail "the error does not name the file"
