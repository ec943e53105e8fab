#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The example asks a name server of our own.
. "$(dirname "$0")/common.sh"
"$PYTHON" -u "$(dirname "$0")/dns_server.py" >"$dir/server.out" 2>"$dir/server.err" & started+=($!)
until_true 20 grep -q listening "$dir/server.out"
at=127.0.0.1:$(sed 's/.* //' "$dir/server.out")
ask() { timeout 60 "$BIN/dns_lookup" "$@" "$at" >"$dir/out" 2>"$dir/err"; }

ask host.test A; expect "A: exit code" 0 $?
expect "A" "host.test 60 A 192.0.2.7" "$(cat "$dir/out")"
ask host.test mx; expect "MX: exit code" 0 $?
expect "MX" "$(printf 'host.test 60 MX 5 first.test\nhost.test 60 MX 20 late.test')" "$(cat "$dir/out")"
ask 192.0.2.7 PTR; expect "PTR: exit code" 0 $?
expect "PTR" "7.2.0.192.in-addr.arpa 60 PTR host.test" "$(cat "$dir/out")"
ask long.test TXT; expect "over TCP: exit code" 0 $?
expect "over TCP" 50 "$(grep -c '^long.test 60 TXT "x*"$' "$dir/out")"
ask www.test A; expect "only an alias: exit code" 1 $?
expect "only an alias" "$(printf 'www.test 60 CNAME host.test\nnothing of that type')" "$(cat "$dir/out")"
ask nobody.test A; expect "no name: exit code" 1 $?
expect "no name" "no such name" "$(cat "$dir/out")"
at=127.0.0.1:1
ask host.test A; expect "no server: exit code" 1 $?
grep -q 'cannot query A host.test: each name server was out of reach' "$dir/err" || fail "the error does not say why"
grep -q 'asked: 127.0.0.1:1' "$dir/err" || fail "the error does not name the server"
true
