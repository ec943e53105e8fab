#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files and standard input arrive whole; what cannot be done is said.
. "$(dirname "$0")/common.sh"
receive() { # sets port; what comes goes to $dir/received
  coproc LISTENER { timeout 30 nc -l -d 127.0.0.1 "$port" >"$dir/received"; }
  local pid=$LISTENER_PID; started+=($pid); listener=$pid
  until_true 20 listening
}
listening() { grep -q ":$(printf '%04X' "$port") 00000000:0000 0A" /proc/net/tcp; }
port=$((20000 + RANDOM % 20000))
while listening; do port=$((port + 1)); done

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
