#!/bin/sh
# Prints the secret $1, written region/name, from AWS Secrets Manager to stdout, as the role of this instance.
# Tokens, keys and the secret itself travel through pipes only, never through an argument list or a file.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html, read 2026-11-24
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html, read 2026-11-24
set -eu
umask 077
# Both can be set in the file below, where another service stands in for the real one.
METADATA_URL=http://169.254.169.254
SECRETS_URL=
if [ -r "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}" ]; then
    # shellcheck source=/dev/null
    . "${CONFKUBE_ENV:-/etc/confkube/fetch-secret.env}"
fi
region=${1%%/*}
name=${1#*/}

say() {
    printf 'fetch-secret: %s\n' "$*" >&2
}

token=$(curl -fsS -m 5 --noproxy '*' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$METADATA_URL/latest/api/token")
metadata() {
    printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token" | curl -fsS -m 5 --noproxy '*' -K - "$METADATA_URL/latest/$1"
}

role=$(metadata meta-data/iam/security-credentials/) || { say "this instance has no role (yet)"; exit 1; }
domain=$(metadata meta-data/services/domain)

# Reads the credentials document, writes the curl configuration of the request.
request='
import json, sys
try:
    role = json.load(sys.stdin)
    user = role["AccessKeyId"] + ":" + role["SecretAccessKey"]
    lines = [("user", user), ("header", "X-Amz-Security-Token: " + role["Token"])]
except (KeyError, TypeError, ValueError):
    sys.exit("fetch-secret: the credentials of the role are not ready")
lines += [
    ("header", "X-Amz-Target: secretsmanager.GetSecretValue"),
    ("header", "Content-Type: application/x-amz-json-1.1"),
    ("data", json.dumps({"SecretId": sys.argv[1]})),
]
for key, value in lines:
    print(key, "=", json.dumps(value))
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
    kind = str(fields.get("__type", "no answer")).rpartition("#")[2]
    sys.exit(f"fetch-secret: {sys.argv[1]}: {status} {kind}")
if not fields.get("SecretString"):
    sys.exit(f"fetch-secret: {sys.argv[1]}: holds no text")
sys.stdout.write(fields["SecretString"])
'
metadata "meta-data/iam/security-credentials/$role" |
    python3 -c "$request" "$name" |
    curl -sS -m 20 -K - --aws-sigv4 "aws:amz:$region:secretsmanager" -w '\n%{http_code}' \
        "${SECRETS_URL:-https://secretsmanager.$region.$domain}/" |
    python3 -c "$answer" "$name"
