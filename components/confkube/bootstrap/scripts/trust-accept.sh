#!/bin/sh
# Takes the certificate from the inbox when it is for this machine's key, under the pinned root, and no step back.
. /usr/local/lib/confkube/lib.sh
trust=$STATE/trust
inbox=$trust/inbox/intermediate.pem
new=$trust/private/intermediate.new
[ -e "$inbox" ] || exit 0
mv "$inbox" "$new"

refuse() {
    rm -f "$new"
    fail "$@"
}
expiry() {
    date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s
}
openssl verify -no-CApath -no-CAstore -CAfile "$ETC/trust-root.pem" -untrusted "$new" "$new" >/dev/null 2>&1 ||
    refuse "the certificate given is not under this cluster's root"
[ "$(openssl x509 -in "$new" -noout -pubkey)" = "$(openssl pkey -in "$trust/private/key.pem" -pubout)" ] ||
    refuse "the certificate given is for another key"
openssl x509 -in "$new" -noout -ext basicConstraints 2>/dev/null | grep -q CA:TRUE ||
    refuse "the certificate given may not sign others"
openssl x509 -in "$new" -noout -ext subjectAltName 2>/dev/null | tr -d ' ' | grep -qxF "URI:spiffe://$TRUST_DOMAIN" ||
    refuse "the certificate given is not for spiffe://$TRUST_DOMAIN"
[ ! -s "$trust/intermediate.pem" ] || [ "$(expiry "$new")" -ge "$(expiry "$trust/intermediate.pem")" ] ||
    refuse "the certificate given ends before the one in use"
chmod 0644 "$new"
mv "$new" "$trust/intermediate.pem"
echo "enrolled until $(openssl x509 -in "$trust/intermediate.pem" -noout -enddate | cut -d= -f2)"
# shellcheck disable=SC2086 # a list of units
systemctl restart --no-block $TRUST_UNITS
