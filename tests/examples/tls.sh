#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# TLS with other people's programs: openssl s_client and s_server, curl. MAKE_CERTIFICATES is the script that makes them.
. "$(dirname "$0")/common.sh"
pem=$dir/pem
"$MAKE_CERTIFICATES" "$pem" || fail "no certificates"
export SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/nonexistent # the system's store trusts nobody here
quietly() { timeout -s KILL 30 "$@" 2>"$dir/client.err"; }
contains() { case $3 in *"$2"*) ;; *) fail "$1: '$2' is not in '$3'" ;; esac; }

# ---- echo_tls with openssl s_client
serve echo_tls "$pem/good.pem" "$pem/good.key"
s_client() { quietly openssl s_client -connect "127.0.0.1:$port" -CAfile "$pem/authority.pem" "$@"; }
# Its input must stay open until the answer has come.
ask() {
  : >"$dir/answer"
  (printf "%b\n" "$1"; until_true 20 grep -q "^${2}" "$dir/answer") | s_client "${@:3}" >"$dir/answer"
}
quiet=(-quiet -no_ign_eof -verify_return_error)
ask hello hello "${quiet[@]}" -servername good.example -verify_hostname good.example
expect "TLS 1.3" hello "$(cat "$dir/answer")"
ask hi hi "${quiet[@]}" -tls1_2 -verify_hostname localhost
expect "TLS 1.2" hi "$(cat "$dir/answer")"
s_client -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null >"$dir/old" && fail "TLS 1.1 was accepted"
contains "TLS 1.1" "alert protocol version" "$(cat "$dir/client.err")"
until_true 10 grep -q 'secure the connection from 127.0.0.1:.*unsupported protocol' "$dir/server.err"
timeout 20 nc -N 127.0.0.1 "$port" <<<"plain text" >"$dir/plain"
until_true 10 grep -q 'it speaks plain text: "plain text' "$dir/server.err"
# s_client is killed in mid-connection: the server says that the stream was cut off.
mkfifo "$dir/never"
openssl s_client -quiet -connect "127.0.0.1:$port" <"$dir/never" >"$dir/cut" 2>&1 &
cut=$!; exec 9>"$dir/never"
echo there >&9; until_true 10 grep -q there "$dir/cut"
kill -KILL $cut; wait $cut 2>/dev/null; exec 9>&-
until_true 10 grep -q 'cut off' "$dir/server.err"
# Key updates, both sides'.
updates() { [ "$(grep -c KEYUPDATE "$dir/client.err")" -ge "$1" ]; }
: >"$dir/answer"; : >"$dir/client.err"
(for round in 1 2 3; do
  echo K; until_true 20 updates $round
  echo "updated $round"; until_true 20 grep -q "^updated $round" "$dir/answer"
done) | s_client >"$dir/answer"
expect "rounds of new keys" 3 "$(grep -c ^updated "$dir/answer")"

# ---- tls_lines with echo_tls, and much of it
tls_lines() { quietly "$BIN/tls_lines" "$@"; }
seq 1 300000 >"$dir/much"
tls_lines 127.0.0.1 "$port" "$pem/authority.pem" <"$dir/much" >"$dir/back" || fail "tls_lines"
cmp "$dir/much" "$dir/back" || fail "the lines came back otherwise"
tls_lines 127.0.0.1 "$port" </dev/null && fail "an unknown authority was trusted"
contains "unknown authority" "unable to get local issuer certificate" "$(cat "$dir/client.err")"
stop_server

# ---- tls_lines with openssl s_server
for case in "other:IP address mismatch (CN=other, for DNS:other.example" "expired:certificate has expired (CN=expired" \
  "untrusted:unable to get local issuer certificate (CN=untrusted, issued by CN=stranger)" "selfmade:self-signed certificate" good:; do
  name=${case%%:*} why=${case#*:}
  rm -f "$dir/s_server" # what an earlier one said
  openssl s_server -accept 0 -rev -naccept 1 -cert "$pem/$name.pem" -key "$pem/$name.key" >"$dir/s_server" 2>&1 &
  s_server=$!; started+=($s_server)
  until_true 20 grep -q '^ACCEPT .*:[0-9]*$' "$dir/s_server"
  port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$dir/s_server")
  if [ -n "$why" ]; then
    tls_lines 127.0.0.1 "$port" "$pem/authority.pem" <<<"secret" >"$dir/said" && fail "$name was accepted"
    contains "$name" "$why" "$(cat "$dir/client.err")"
    [ -s "$dir/said" ] && fail "$name said something"
  else # -rev turns each line round
    echo desrever | tls_lines 127.0.0.1 "$port" "$pem/authority.pem" >"$dir/said"; expect "s_server -rev" reversed "$(cat "$dir/said")"
  fi
  kill $s_server 2>/dev/null; wait $s_server 2>/dev/null
done
