#!/bin/sh
# Starts the control plane once. The token joins the configuration here, in memory: user data does not carry it.
. /usr/local/lib/confkube/lib.sh
[ ! -e "$STATE/control-plane.done" ] || exit 0

if [ ! -s "$ETC/apiserver/encryption.yaml" ]; then
    cat >"$ETC/apiserver/encryption.yaml.part" <<EOF
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: boot, secret: "$(head -c 32 /dev/urandom | base64)"}]}
  - identity: {}
EOF
    mv "$ETC/apiserver/encryption.yaml.part" "$ETC/apiserver/encryption.yaml"
fi

[ -s "$RUN/bootstrap-token" ] || fail "there is no bootstrap token; start confkube-secrets first"
{
    cat "$ETC/kubeadm.yaml"
    printf 'bootstrapTokens:\n- token: "%s"\n  ttl: %s\n' "$(cat "$RUN/bootstrap-token")" "$TOKEN_TTL"
} >"$RUN/kubeadm.yaml"

# A start that was cut off left files, data and perhaps running pods: kubeadm takes them up again when told to.
set -- --config "$RUN/kubeadm.yaml" --skip-token-print
if [ -e "$STATE/control-plane.started" ]; then
    echo "taking up a start that was cut off"
    set -- "$@" --ignore-preflight-errors=DirAvailable--var-lib-etcd
    for port in "${API_ENDPOINT##*:}" 10250 10257 10259 2379 2380; do
        set -- "$@" "--ignore-preflight-errors=Port-$port"
    done
    for part in kube-apiserver kube-controller-manager kube-scheduler etcd; do
        set -- "$@" "--ignore-preflight-errors=FileAvailable--etc-kubernetes-manifests-$part.yaml"
    done
fi
touch "$STATE/control-plane.started"
kubeadm init "$@" || fail "kubeadm init did not succeed"

export KUBECONFIG=/etc/kubernetes/admin.conf
retry 300 kubectl apply -f "$ETC/rbac.yaml" || fail "the API server at $API_ENDPOINT does not answer"
[ ! -e "$LIB/objects.sh" ] || . "$LIB/objects.sh"
rm -f "$RUN/kubeadm.yaml" "$RUN/bootstrap-token"
touch "$STATE/control-plane.done"
