#!/bin/sh
# Fetches the control plane's keys once; they never pass through an argument list, a log or user data.
. /usr/local/lib/confkube/lib.sh
[ ! -e "$STATE/control-plane.done" ] || exit 0

fetch() {
    "$LIB/fetch-secret" "$SECRET_ADDRESS" >"$RUN/secrets.json"
}
# A new instance role can take minutes to become usable.
retry 900 fetch || { rm -f "$RUN/secrets.json"; fail "the secret $SECRET_ADDRESS could not be read"; }
placed=0
for what in objects secrets; do
    [ "$placed" -ne 0 ] || [ ! -e "$LIB/place-$what.py" ] || python3 "$LIB/place-$what.py" <"$RUN/secrets.json" || placed=1
done
rm -f "$RUN/secrets.json"
[ "$placed" -eq 0 ] || { rm -f "$RUN/objects.json"; fail "the secret $SECRET_ADDRESS is not usable"; }
