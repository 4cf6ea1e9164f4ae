#!/bin/sh
# Stands in for Trustee's program: says what it is, what it can read and write, and serves with its certificate.
try() {
    if eval "$2" 2>/dev/null; then echo "stand-in: can $1"; else echo "stand-in: cannot $1"; fi
}
echo "stand-in: $* as $(id -u)"
echo "stand-in: $(grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status | tr -s '\t\n' '  ')"
try "read its configuration" 'cat /etc/confkube/trustee/kbs-config.toml >/dev/null'
try "read the root" 'cat /etc/confkube/trust-root.pem >/dev/null'
try "read its keys" 'cat /var/lib/confkube/trust/leaves/trustee/key.pem /var/lib/confkube/trust/leaves/token/key.pem >/dev/null'
try "read its values" 'cat /var/lib/confkube/trustee/store/reference_value/* >/dev/null'
try "add a resource" 'mkdir -p /var/lib/confkube/trustee/store/repository && true >/var/lib/confkube/trustee/store/repository/a'
try "write in /tmp" 'true >/tmp/a'
try "see the signing key" 'ls /var/lib/confkube/trust/private'
try "change its policy" 'true >/var/lib/confkube/trustee/store/kbs/resource-policy.rego'
try "replace its policies" 'rm -r /var/lib/confkube/trustee/store/kbs'
try "write its certificate" 'true >/var/lib/confkube/trust/leaves/trustee/chain.pem'
try "write elsewhere" 'true >/usr/a'
cd /var/lib/confkube/trust/leaves/trustee
exec openssl s_server -quiet -accept 8080 -cert chain.pem -cert_chain chain.pem -key key.pem -www
