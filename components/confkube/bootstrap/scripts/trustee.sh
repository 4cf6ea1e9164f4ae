#!/bin/sh
# Runs Trustee from its pinned image: as a user of its own, with its policies put into its store before it starts.
. /usr/local/lib/confkube/lib.sh
user=confkube-trustee
leaves=$STATE/trust/leaves
containers() {
    ctr --namespace confkube "$@"
}
pull() {
    containers images pull "$TRUSTEE_IMAGE" >/dev/null
}

systemctl start containerd.service || fail "containerd does not start"
# Images made for a closed network are there already, by the same name.
containers images list --quiet | grep -qxF -- "$TRUSTEE_IMAGE" ||
    retry 900 pull || fail "the image $TRUSTEE_IMAGE could not be fetched"
python3 "$LIB/trustee-store.py" || fail "its policies could not be put into its store"

# A container that outlived the program which started it still holds the port.
containers tasks delete --force trustee >/dev/null 2>&1 || true
containers containers delete trustee >/dev/null 2>&1 || true

bind() {
    echo "type=bind,src=$1,dst=$1,options=rbind:$2"
}
exec ctr --namespace confkube run --rm --net-host --read-only --seccomp \
    --user "$(id -u "$user"):$(id -g "$user")" --cwd / --env RUST_LOG=info \
    --mount type=tmpfs,src=tmpfs,dst=/tmp,options=nosuid:nodev:noexec:mode=1777 \
    --mount "$(bind "$ETC/trustee" ro)" --mount "$(bind "$ETC/trust-root.pem" ro)" \
    --mount "$(bind "$leaves/trustee" ro)" --mount "$(bind "$leaves/token" ro)" \
    --mount "$(bind "$STATE/trustee/store" rw)" \
    "$TRUSTEE_IMAGE" trustee /usr/local/bin/kbs --config-file "$ETC/trustee/kbs-config.toml"
