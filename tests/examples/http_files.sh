#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The file server with curl and with bytes by hand.
. "$(dirname "$0")/common.sh"
mkdir -p "$dir/www/sub"
seq 1 2000000 >"$dir/www/large"
echo hello >"$dir/www/hello.txt"
echo '<p>hi' >"$dir/www/sub/index.html"
echo secret >"$dir/secret"
ln -s ../secret "$dir/www/link"
serve http_files "$dir/www"
at=http://127.0.0.1:$port
fetch() { timeout 60 curl -sS --max-time 50 "$@"; }
status() { fetch -o /dev/null -w '%{http_code}' "$@"; }

fetch "$at/large" | cmp - "$dir/www/large" || fail "the large file came otherwise"
fetch -r 1000000-5999999 "$at/large" | cmp - <(tail -c +1000001 "$dir/www/large" | head -c 5000000) || fail "range"
head -c 3000000 "$dir/www/large" >"$dir/part"
fetch -C - -o "$dir/part" "$at/large" && cmp "$dir/part" "$dir/www/large" || fail "resumed"
expect "HEAD" "Content-Length: $(stat -c %s "$dir/www/large")" "$(fetch -I "$at/large" | tr -d '\r' | grep Content-Length)"
expect "kept alive" "200 200 1" "$(fetch -o /dev/null -o /dev/null -w '%{http_code} ' "$at/hello.txt" "$at/hello.txt")$(
  fetch -v "$at/hello.txt" "$at/hello.txt" 2>&1 >/dev/null | grep -c 'Re-using existing')"
fetch -D "$dir/head" -o /dev/null "$at/hello.txt"
etag=$(sed -n 's/^ETag: \(.*\)\r$/\1/p' "$dir/head") since=$(sed -n 's/^Last-Modified: \(.*\)\r$/\1/p' "$dir/head")
expect "If-None-Match" 304 "$(status -H "If-None-Match: $etag" "$at/hello.txt")"
expect "If-Modified-Since" 304 "$(status -H "If-Modified-Since: $since" "$at/hello.txt")"
expect "unsatisfiable" 416 "$(status -r 100- "$at/hello.txt")"
expect "redirected" "<p>hi" "$(fetch -L "$at/sub")"
expect "link" 404 "$(status "$at/link")"
expect "dots" 404 "$(status --path-as-is "$at/../secret")"
expect "escaped slash" 400 "$(status --path-as-is "$at/..%2fsecret")"

head -c 500000 "$dir/www/large" >"$dir/upload"
fetch --data-binary "@$dir/upload" -H 'Expect: 100-continue' "$at/echo" | cmp - "$dir/upload" || fail "upload, 100-continue"
fetch -T - -X POST "$at/echo" <"$dir/upload" | cmp - "$dir/upload" || fail "chunked upload"
expect "too large" 413 "$(status --data-binary "@$dir/www/large" "$at/echo")"
expect "HTTP/1.0" hello "$(fetch -0 "$at/hello.txt")"
for i in 1 2 3 4; do fetch -o "$dir/back.$i" "$at/large" & clients[i]=$!; done
for i in 1 2 3 4; do wait "${clients[i]}"; cmp "$dir/back.$i" "$dir/www/large" || fail "client $i"; done

raw() { printf '%b' "$1" | timeout 30 nc -N 127.0.0.1 "$port" | tr -d '\r'; }
get='GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n'
expect "pipelined" 3 "$(raw "$get$get$get" | grep -c hello)"
for bad in 'GET /\r\n\r\n' 'GET / HTTP/1.1\r\n\r\n' 'GET / HTTP/1.1\nHost: a\n\n' '\x16\x03\x01\x02\x00\x01' \
  'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'; do
  said=$(raw "$bad\r\n\r\n$get")
  expect "status of $bad" "HTTP/1.1 400 Bad Request" "$(head -n 1 <<<"$said")"
  grep -q hello <<<"$said" && fail "what is behind $bad was answered"
done
head -c 100000 /dev/urandom | timeout 30 nc -N 127.0.0.1 "$port" >"$dir/noise"
expect "after all that" hello "$(fetch "$at/hello.txt")"
[ -s "$dir/server.err" ] && fail "it complains"
stop_server
