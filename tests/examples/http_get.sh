#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The HTTP client with our own server, with Python's, and with openssl's for TLS.
. "$(dirname "$0")/common.sh"
mkdir -p "$dir/www/sub"
seq 1 200000 >"$dir/www/large"
echo '<p>hi' >"$dir/www/sub/index.html"
get() { timeout 60 "$BIN/http_get" "$@" >"$dir/out" 2>"$dir/err"; }

serve http_files "$dir/www"
at=http://127.0.0.1:$port
get "$at/large"; expect "exit code" 0 $?
cmp "$dir/out" "$dir/www/large" || fail "the file came otherwise"
get "$at/large" "$at/large" "$at/sub"; expect "three at once: exit code" 0 $?
expect "three at once: octets" $((2 * $(stat -c %s "$dir/www/large") + 6)) "$(stat -c %s "$dir/out")"
grep -qx "200 $at/sub/, 6 octets" "$dir/err" || fail "not redirected"
get "$at/none"; expect "404: exit code" 1 $?
stop_server
get "http://ann:secret@127.0.0.1:$port/"; expect "refused: exit code" 1 $?
grep -q "cannot GET http://127.0.0.1:$port/: Connection refused" "$dir/err" || fail "refused"
grep -q secret "$dir/err" && fail "the password is told"
get file:///etc/passwd; expect "file: exit code" 1 $?
[ -s "$dir/out" ] && fail "a file was read"
get http://no-such-host.invalid/; expect "no host: exit code" 1 $?
grep -q "no-such-host.invalid" "$dir/err" || fail "the host is not named"

if [ -n "${PYTHON:-}" ]; then  # HTTP/1.0, the body ends with the connection
  (cd "$dir/www" && exec "$PYTHON" -u -m http.server --bind 127.0.0.1 0 >"$dir/python.out" 2>&1) & python=$!; started+=($python)
  until_true 20 grep -q 'Serving HTTP' "$dir/python.out"
  find_port $python || fail "Python's server listens nowhere"
  get "http://127.0.0.1:$port/large"; expect "Python's server: exit code" 0 $?
  cmp "$dir/out" "$dir/www/large" || fail "the file came otherwise from Python's server"
fi

if command -v openssl >/dev/null; then  # a certificate nobody has signed
  (cd "$dir" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key -out cert 2>/dev/null)
  openssl s_server -accept 127.0.0.1:0 -cert "$dir/cert" -key "$dir/key" -www >"$dir/tls.out" 2>&1 </dev/null & tls=$!; started+=($tls)
  until_true 20 find_port $tls
  get "https://localhost:$port/"; expect "self-signed: exit code" 1 $?
  grep -qi 'certificate' "$dir/err" || fail "the certificate is not named"
  [ -s "$dir/out" ] && fail "an unverified server was believed"
fi
true
