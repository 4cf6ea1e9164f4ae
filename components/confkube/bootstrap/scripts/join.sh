#!/bin/sh
# Joins the cluster once, and forgets the token then.
. /usr/local/lib/confkube/lib.sh
[ ! -e "$STATE/join.done" ] || exit 0

if [ -e "$STATE/join.started" ]; then
    echo "cleaning up a join that was cut off"
    kubeadm reset --force || fail "kubeadm reset did not succeed"
fi
touch "$STATE/join.started"
# At this level it says why it waits, such as for a token that has expired.
kubeadm join --v=1 --config "$ETC/kubeadm.yaml" || fail "this machine could not join the cluster at $API_ENDPOINT"
touch "$STATE/join.done"
rm -f "$ETC/kubeadm.yaml"
