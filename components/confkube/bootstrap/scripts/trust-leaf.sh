#!/bin/sh
# Issues a certificate of this trust server's own, named by the argument, unless the one there is will still do.
. /usr/local/lib/confkube/lib.sh
# shellcheck disable=SC2034 # for the last words of lib.sh
STEP=trust-leaf@$1
# shellcheck disable=SC1090 # its settings
. "$ETC/leaves/$1"
# One at a time: two that make the same user at once would make it twice.
exec 9>"$RUN/leaf.lock"
flock 9
trust=$STATE/trust
leaf=$trust/leaves/$1
longest=30

days_left() {
    end=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((end - $(date +%s) - 60) / 86400))
}
check() {
    openssl verify -no-CApath -no-CAstore -CAfile "$ETC/trust-root.pem" -untrusted "$trust/intermediate.pem" "$1" \
        >/dev/null 2>&1
}
# It does while it is under the intermediate in use, fits its key, and has a third of its time before it.
will_do() {
    [ -s "$leaf/chain.pem" ] && [ -s "$leaf/key.pem" ] && check "$leaf/chain.pem" &&
        { openssl x509 -in "$leaf/chain.pem" && cat "$trust/intermediate.pem"; } | cmp -s - "$leaf/chain.pem" &&
        [ "$(openssl x509 -in "$leaf/chain.pem" -noout -pubkey)" = "$(openssl pkey -in "$leaf/key.pem" -pubout)" ] &&
        [ $((3 * $(days_left "$leaf/chain.pem"))) -ge $((days - 2)) ]
}

# It ends with the intermediate, but no certificate is for less than a day.
openssl x509 -in "$trust/intermediate.pem" -noout -checkend 0 >/dev/null ||
    fail "the certificate that this trust server was enrolled with has ended; enrol it again"
days=$(days_left "$trust/intermediate.pem")
[ "$days" -le "$longest" ] || days=$longest
[ "$days" -ge 1 ] || days=1
if will_do; then exit 0; fi

id "$LEAF_OWNER" >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$LEAF_OWNER" ||
    fail "the user $LEAF_OWNER could not be made"
mkdir -p "$leaf"
chmod 0755 "$trust/leaves" "$leaf"
{
    echo basicConstraints=critical,CA:FALSE
    echo keyUsage=critical,digitalSignature
    echo subjectKeyIdentifier=hash
    echo authorityKeyIdentifier=keyid
    [ -z "$LEAF_USAGE" ] || echo "$LEAF_USAGE"
    [ -z "$LEAF_NAMES" ] || echo "subjectAltName=$LEAF_NAMES"
} >"$RUN/leaf-$1.ext"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$leaf/key.part" || fail "no key could be made"
{
    openssl req -new -key "$leaf/key.part" -subj "/O=confkube/CN=$1" |
        openssl x509 -req -CA "$trust/intermediate.pem" -CAkey "$trust/private/key.pem" -sha256 -days "$days" \
            -set_serial "0x$(openssl rand -hex 15)" -extfile "$RUN/leaf-$1.ext"
} >"$leaf/chain.part" || fail "no certificate could be issued for $1"
check "$leaf/chain.part" || fail "the certificate issued for $1 is not good"
cat "$trust/intermediate.pem" >>"$leaf/chain.part"
chmod 0644 "$leaf/chain.part"
chmod 0400 "$leaf/key.part"
chown "$LEAF_OWNER" "$leaf/key.part"
mv "$leaf/key.part" "$leaf/key.pem"
mv "$leaf/chain.part" "$leaf/chain.pem"
echo "a certificate for $1 was issued, for $days days"
systemctl try-restart --no-block "$LEAF_UNIT"
