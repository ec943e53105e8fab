#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: make_certificates.sh FOLDER    Makes the certificates of the TLS tests, PEM, each NAME.pem with NAME.key.
# Two at a time may make the same folder: it appears complete, or not at all.
set -eu
[ -e "$1" ] && exit 0
to=$(mktemp -d "$1.XXXXXX")
trap 'rm -rf "$to"' EXIT
cd "$to"
curve="ec -pkeyopt ec_paramgen_curve:P-256"

# root NAME: a certificate that signs itself, and others.
root() {
  openssl req -x509 -newkey $curve -nodes -days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
# leaf NAME ROOT DAYS EXTENSION [COMMON_NAME]
leaf() {
  openssl req -new -newkey $curve -nodes -subj "/CN=${5:-$1}" -keyout "$1.key" -out "$1.csr"
  printf 'basicConstraints=CA:FALSE\n%s\n' "$4" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.pem"
}
{
  root authority
  root stranger
  leaf good authority 3650 subjectAltName=DNS:localhost,DNS:good.example,IP:127.0.0.1
  leaf other authority 3650 subjectAltName=DNS:other.example,DNS:*.wild.example
  leaf expired authority -1 subjectAltName=DNS:localhost,IP:127.0.0.1
  leaf untrusted stranger 3650 subjectAltName=DNS:localhost,IP:127.0.0.1
  leaf nameless authority 3650 keyUsage=digitalSignature localhost
  leaf client authority 3650 subjectAltName=DNS:client.example
  openssl req -x509 -newkey $curve -nodes -days 3650 -subj /CN=selfmade -keyout selfmade.key -out selfmade.pem \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1
  openssl ec -in good.key -aes128 -passout pass:secret -out locked.key
  cat good.pem good.key >both.pem
} >log 2>&1 || { cat log >&2; exit 1; }
mv -T "$to" "$1" 2>/dev/null || [ -e "$1" ]
