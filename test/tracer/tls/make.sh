#!/bin/sh
# Makes the certificates that the tests of TLS use: sh test/tracer/tls/make.sh (openssl 3). They are valid for a
# hundred years and protect nothing.
set -eu
cd "$(dirname "$0")"
key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1-key.pem"; }
authority() {
  key "$1"
  openssl req -x509 -new -key "$1-key.pem" -days 36500 -subj "/CN=$1" -out "$1-cert.pem"
}
signed() {
  key "$1"
  openssl req -new -key "$1-key.pem" -subj "/CN=$1" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" |
    openssl x509 -req -days 36500 -copy_extensions copy -CA "$2-cert.pem" -CAkey "$2-key.pem" -out "$1-cert.pem"
}
authority authority
signed server authority
signed client authority
authority stranger
rm -f authority-key.pem
