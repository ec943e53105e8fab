#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The file server over TLS with curl. MAKE_CERTIFICATES is the script that makes the certificates.
. "$(dirname "$0")/common.sh"
pem=$dir/pem
"$MAKE_CERTIFICATES" "$pem" || fail "no certificates"
mkdir "$dir/www"
seq 1 1000000 >"$dir/www/large"
echo hello >"$dir/www/hello.txt"
serve https_files "$dir/www" "$pem/good.pem" "$pem/good.key"
at=https://localhost:$port
fetch() { timeout 60 curl -sS --max-time 50 --cacert "$pem/authority.pem" "$@"; }

expect "a file" hello "$(fetch "$at/hello.txt")"
fetch "$at/large" | cmp - "$dir/www/large" || fail "the large file came otherwise"
fetch --limit-rate 20M "$at/large" | cmp - "$dir/www/large" || fail "taken slowly it came otherwise"
expect "kept alive, and as HTTP/1.1 although h2 was offered" "1.1 1.1 1" "$(
  fetch -o /dev/null -o /dev/null -w '%{http_version} ' "$at/hello.txt" "$at/hello.txt")$(
  fetch -v "$at/hello.txt" "$at/hello.txt" 2>&1 >/dev/null | grep -c 'Re-using existing')"
fetch -v "$at/hello.txt" 2>&1 >/dev/null | grep -q 'ALPN: server accepted http/1.1' || fail "no ALPN"
expect "HTTP/1.0, whose bodies end with the connection" hello "$(fetch -0 "$at/hello.txt")"
expect "range" "$(head -c 5000 "$dir/www/large" | tail -c 1000)" "$(fetch -r 4000-4999 "$at/large")"
fetch --resolve "wrong.example:$port:127.0.0.1" "https://wrong.example:$port/hello.txt" 2>"$dir/client.err" && fail "a wrong host"
grep -q "no alternative certificate subject name" "$dir/client.err" || fail "curl refuses for another reason"
timeout 30 curl -sS "$at/hello.txt" 2>/dev/null && fail "curl trusts nobody's authority"
timeout 30 curl -sS "http://localhost:$port/hello.txt" >"$dir/plain" 2>/dev/null
grep -q hello "$dir/plain" && fail "plain HTTP was answered"
for i in 1 2 3 4; do fetch -o "$dir/back.$i" "$at/large" & clients[i]=$!; done
for i in 1 2 3 4; do wait "${clients[i]}"; cmp "$dir/back.$i" "$dir/www/large" || fail "client $i"; done
expect "after all that" hello "$(fetch "$at/hello.txt")"
stop_server
