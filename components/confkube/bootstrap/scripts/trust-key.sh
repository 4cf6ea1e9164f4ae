#!/bin/sh
# Makes this machine's own signing key and the request for its certificate; the key never leaves the machine.
. /usr/local/lib/confkube/lib.sh
trust=$STATE/trust
mkdir -p "$trust/private" "$trust/inbox"
chmod 0755 "$STATE" "$trust"
[ -s "$trust/private/key.pem" ] ||
    { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$trust/private/key.part" &&
        mv "$trust/private/key.part" "$trust/private/key.pem"; } || fail "no key could be made"
[ -s "$trust/request.pem" ] ||
    { openssl req -new -key "$trust/private/key.pem" -out "$trust/request.part" \
        -subj "/O=confkube/CN=trust server" \
        -addext "subjectAltName=URI:spiffe://$TRUST_DOMAIN" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign,cRLSign && mv "$trust/request.part" "$trust/request.pem"; } ||
    fail "no request could be made"
chmod 0644 "$trust/request.pem"
echo "waiting for enrolment; the request is $trust/request.pem"
