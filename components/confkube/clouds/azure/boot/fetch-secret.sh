#!/bin/sh
# Prints the secret $1, written confkube/cluster/machine, from Azure Key Vault to stdout, as the identity of this machine.
# Tokens and the secret itself travel through pipes only, never through an argument list or a file.
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, read 2026-11-25
# https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret, read 2026-11-25
set -eu
umask 077
# Both can be set in the file below, where another service stands in for the real one.
METADATA_URL=http://169.254.169.254
VAULT_URL=
if [ -r "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}" ]; then
    # shellcheck source=/dev/null
    . "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}"
fi
name=${1##*/}
# The vault is named after the secret: vaults share one name space.
vault=ck$(printf %s "$1" | sha256sum | cut -c 1-20)

# Reads the token document with its status in the last line, writes the curl configuration of the request.
request='
import json, sys
body, _, status = sys.stdin.read().rpartition("\n")
try:
    document = json.loads(body)
    token = document["access_token"]
except (KeyError, TypeError, ValueError):
    sys.exit(f"fetch-secret: this machine has no identity (yet): {status}")
print("header =", json.dumps("Authorization: Bearer " + token))
'
# Reads the answer with its status in the last line, writes the secret.
answer='
import json, sys
body, _, status = sys.stdin.read().rpartition("\n")
try:
    fields = json.loads(body)
except ValueError:
    fields = {}
if status != "200":
    error = fields.get("error") or {}
    kind = (error.get("innererror") or error).get("code", "no answer")
    sys.exit(f"fetch-secret: {sys.argv[1]}: {status} {kind}")
if not fields.get("value"):
    sys.exit(f"fetch-secret: {sys.argv[1]}: holds no text")
sys.stdout.write(fields["value"])
'
curl -sS -m 5 --noproxy '*' -G -H 'Metadata: true' --data-urlencode api-version=2018-02-01 \
    --data-urlencode resource=https://vault.azure.net -w '\n%{http_code}' "$METADATA_URL/metadata/identity/oauth2/token" |
    python3 -c "$request" |
    curl -sS -m 20 -K - -w '\n%{http_code}' "${VAULT_URL:-https://$vault.vault.azure.net}/secrets/$name?api-version=7.4" |
    python3 -c "$answer" "$name"
