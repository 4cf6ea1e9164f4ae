#!/bin/sh
# Prints the secret $1, written confkube/cluster/machine, from Secret Manager to stdout, as the account of this machine.
# Tokens and the secret itself travel through pipes only, never through an argument list or a file.
# https://cloud.google.com/compute/docs/access/authenticate-workloads#curl, read 2026-11-25
# https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access, read 2026-11-25
set -eu
umask 077
# Both can be set in the file below, where another service stands in for the real one.
METADATA_URL=http://169.254.169.254
SECRETS_URL=https://secretmanager.googleapis.com
if [ -r "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}" ]; then
    # shellcheck source=/dev/null
    . "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}"
fi
# A secret's name holds no slashes there.
name=$(printf %s "$1" | tr / -)

metadata() {
    curl -fsS -m 5 --noproxy '*' -H 'Metadata-Flavor: Google' "$METADATA_URL/computeMetadata/v1/$1"
}

# Reads the token document, writes the curl configuration of the request.
request='
import json, sys
try:
    token = json.load(sys.stdin)["access_token"]
except (KeyError, TypeError, ValueError):
    sys.exit("fetch-secret: this machine has no service account (yet)")
print("header =", json.dumps("Authorization: Bearer " + token))
'
# Reads the answer with its status in the last line, writes the secret.
answer='
import base64, json, sys
body, _, status = sys.stdin.read().rpartition("\n")
try:
    fields = json.loads(body)
except ValueError:
    fields = {}
if status != "200":
    kind = (fields.get("error") or {}).get("status", "no answer")
    sys.exit(f"fetch-secret: {sys.argv[1]}: {status} {kind}")
if not (fields.get("payload") or {}).get("data"):
    sys.exit(f"fetch-secret: {sys.argv[1]}: holds no text")
sys.stdout.write(base64.b64decode(fields["payload"]["data"]).decode())
'
project=$(metadata project/project-id)
metadata instance/service-accounts/default/token |
    python3 -c "$request" |
    curl -sS -m 20 -K - -w '\n%{http_code}' "$SECRETS_URL/v1/projects/$project/secrets/$name/versions/latest:access" |
    python3 -c "$answer" "$name"
