#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Mail from the programs people send it with: curl, Python's smtplib, swaks; in the clear and with STARTTLS.
. "$(dirname "$0")/common.sh"
pem=$dir/pem
"$MAKE_CERTIFICATES" "$pem" || fail "no certificates"
serve mail_sink "$pem/good.pem" "$pem/good.key"
told() { until_true 10 grep -qF -- "$1" "$dir/server.out"; }
quietly() { timeout -s KILL 60 "$@" >"$dir/client.out" 2>"$dir/client.err"; }

printf 'Subject: curl\r\n\r\n.from curl\r\n' >"$dir/mail"
send() { quietly curl -sS --mail-from c@a --mail-rcpt "$1" -T "$dir/mail" "${@:2}" "smtp://localhost:$port"; }
send curl@example.org || fail "curl could not send"
told "open from <c@a> to <curl@example.org>, 29 octets"
told ".from curl"
send tls@example.org --ssl-reqd --cacert "$pem/authority.pem" || fail "curl could not send over TLS"
told "sealed from <c@a> to <tls@example.org>, 29 octets"
send curl@elsewhere.org && fail "a relay"
send tls@example.org --ssl-reqd --cacert "$pem/stranger.pem" && fail "curl trusts anybody"

quietly "$PYTHON" "$(dirname "$0")/mail_sink.py" "$port" "$pem/authority.pem" || fail "smtplib"
told "sealed from <py@a> to <one@example.org> to <two@example.org>"
told "..dots"
told "sealed from <ü@a> to <three@example.org>"

if command -v swaks >/dev/null; then
  swak() { quietly swaks --server "localhost:$port" --helo me --from s@a --silent 2 "$@"; }
  swak --to swaks@example.org --pipeline || fail "swaks could not send"
  told "open from <s@a> to <swaks@example.org>"
  if perl -MNet::SSLeay -e 1 2>/dev/null; then
    swak --to swaks-tls@example.org --tls --tls-verify --tls-ca-path "$pem/authority.pem" || fail "swaks could not send over TLS"
    told "sealed from <s@a> to <swaks-tls@example.org>"
  else
    echo "skipped: swaks has no TLS here (Debian: libnet-ssleay-perl)"
  fi
  swak --to swaks@elsewhere.org && fail "a relay"
else
  echo "skipped: swaks is not installed (Debian: swaks)"
fi
grep -q evil "$dir/server.out" && fail "what was said in the clear counted over TLS"
stop_server
"$BIN/mail_sink" 2>/dev/null; expect "exit code without arguments" 2 $?
