#!/bin/sh
# Installs the add-ons in the order of the list; one whose line and values are unchanged is left alone.
. /usr/local/lib/confkube/lib.sh
export KUBECONFIG=/etc/kubernetes/admin.conf
export HELM_CACHE_HOME="$STATE/helm/cache" HELM_CONFIG_HOME="$STATE/helm/config" HELM_DATA_HOME="$STATE/helm/data"
charts=$STATE/charts
mkdir -p "$charts" "$STATE/addons"
[ ! -e "$LIB/addons-git.sh" ] || . "$LIB/addons-git.sh"

# pull NAME VERSION SHA256 URL: the checked archive ends up as $charts/SHA256.tgz
pull() {
    case $4 in
        oci://*)
            rm -rf "$charts/pull" && mkdir "$charts/pull" || return 1
            helm pull "$4" --version "$2" -d "$charts/pull" || return 1
            set -- "$1" "$2" "$3" "$4" "$charts"/pull/*.tgz
            if ! printf '%s  %s\n' "$3" "$5" | sha256sum -c --status; then
                echo "$4 version $2 does not have the pinned sha256 $3" >&2
                return 1
            fi
            mv "$5" "$charts/$3.tgz"
            ;;
        *) download "$4" "$3" "$charts/$3.tgz" ;;
    esac
}

# A helm that was killed leaves its release locked; what it had begun is simply done again.
unlock() {
    kubectl -n "$2" delete secret --ignore-not-found \
        -l "owner=helm,name=$1,status in (pending-install,pending-upgrade,pending-rollback)" >/dev/null || true
}

install_chart() {
    unlock "$@"
    helm upgrade --install "$1" "$3" --namespace "$2" --create-namespace \
        --values "$ETC/addons/$1.yaml" --history-max 3 --timeout 10m
}

while read -r name namespace version sha256 url <&3; do
    set -- "$ETC/addons/$name.yaml"
    chart=$charts/$sha256.tgz
    [ "$url" != git ] || set -- "$@" "$ETC/addons/$name.git"
    line="$name $namespace $version $sha256 $url $(cat "$@" | sha256sum)"
    [ "$(cat "$STATE/addons/$name" 2>/dev/null)" != "$line" ] || continue
    if [ "$url" = git ]; then
        chart=$charts/$name
        retry 600 assemble "$name" || fail "the add-on $name $version could not be put together from its repositories"
    fi
    # Images made for a closed network carry the charts.
    [ ! -e "/usr/share/confkube/charts/$sha256.tgz" ] || cp "/usr/share/confkube/charts/$sha256.tgz" "$charts/"
    [ -e "$chart" ] || retry 600 pull "$name" "$version" "$sha256" "$url" ||
        fail "the add-on $name $version could not be fetched from $url"
    retry 900 install_chart "$name" "$namespace" "$chart" || fail "the add-on $name $version could not be installed"
    printf '%s\n' "$line" >"$STATE/addons/$name"
    echo "$name $version is installed"
done 3<"$ETC/addons/list"
