#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Wrong arguments: usage on standard error, exit code 2.
. "$(dirname "$0")/common.sh"
check() {
  "$BIN/$1" "${@:2}" >"$dir/out" 2>"$dir/err" </dev/null; expect "$*: exit code" 2 $?
  grep -qE "^usage: $1( |\$)" "$dir/err" || fail "$*: no usage"
  [ -s "$dir/out" ] && fail "$*: something on standard output"
}
check echo 1 2
check echo_coroutine 1 2
check chat 1 2
check chat_server 1 2
check logship
check logship host
check alarm
check alarm 1
check alarm x tea
check alarm -1 tea
check alarm 1e9 tea
check turnstile spin
check many_kernels 1 2 3
check follow
check keep
[ ! -x "$BIN/http_files" ] || check http_files 1 2 3
[ ! -x "$BIN/http_get" ] || check http_get
[ ! -x "$BIN/dns_lookup" ] || { check dns_lookup; check dns_lookup a.test ANY; check dns_lookup a.test A 1:2:3; }
[ ! -x "$BIN/http_live" ] || check http_live 1 2
[ ! -x "$BIN/https_files" ] || check https_files 1 2 3
[ ! -x "$BIN/echo_tls" ] || check echo_tls 1 2
[ ! -x "$BIN/tls_lines" ] || check tls_lines 1
[ ! -x "$BIN/counter_tk" ] || check counter_tk 1
POE_EVENT_LOOP=nosuchloop "$BIN/counter" >"$dir/out" 2>"$dir/err"; expect "unknown loop: exit code" 1 $?
grep -q nosuchloop "$dir/err" || fail "the error does not name the loop"
