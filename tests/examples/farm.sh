#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every line answered, in order, by warm copies of a program; a copy that dies costs its line alone.
. "$(dirname "$0")/common.sh"
expect "answers" "$(seq 1 500)" "$(seq 1 500 | timeout 30 "$BIN/farm" 4 cat)"
answers=$(printf 'a\ndie\nb\n' | timeout 30 "$BIN/farm" 1 /bin/sh -c 'while read -r x; do [ "$x" = die ] && exit 3; echo "$x"; done' 2>"$dir/err")
expect "exit code" 1 $?
expect "answers around a crash" "a b" "$(grep -v code <<<"$answers" | tr '\n' ' ' | sed 's/ $//')"
grep -q "ended with code 3" <<<"$answers" || fail "the lost job does not say why: $answers"
"$BIN/farm" 2>/dev/null; expect "exit code without arguments" 2 $?
