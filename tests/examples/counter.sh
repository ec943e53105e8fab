#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Ten sessions count to ten, taking turns; all forms say the same.
. "$(dirname "$0")/common.sh"
for form in counter counter_inline counter_coroutine; do
  "$BIN/$form" >"$dir/$form" || fail "$form: exit code $?"
  expect "$form: lines" 120 "$(wc -l <"$dir/$form")"
  expect "$form: first" "Session 1 has started." "$(head -n 1 "$dir/$form")"
  for n in 1 5 10; do
    expect "$form: session $n" "$(seq -s ' ' 1 10)" \
      "$(sed -n "s/^Session $n has counted to \([0-9]*\)\.$/\1/p" "$dir/$form" | tr '\n' ' ' | sed 's/ $//')"
  done
  expect "$form: turns" "1 2 3 4 5 6 7 8 9 10" \
    "$(sed -n 's/^Session \([0-9]*\) has counted to 7\.$/\1/p' "$dir/$form" | tr '\n' ' ' | sed 's/ $//')"
  expect "$form: stopped" 10 "$(grep -c 'has stopped' "$dir/$form")"
done
cmp "$dir/counter" "$dir/counter_inline" || fail "the two forms differ"
# Bodies return in the order they began; sessions nothing can reach any more are stopped in the reverse one.
cmp <(head -n 110 "$dir/counter") <(head -n 110 "$dir/counter_coroutine") || fail "the coroutine counts otherwise"
cmp <(sort "$dir/counter") <(sort "$dir/counter_coroutine") || fail "the coroutine stops otherwise"
