#!/bin/sh
# Brings the pinned programs onto the machine; what is there already in the pinned version is used as it is.
. /usr/local/lib/confkube/lib.sh
umask 022

# Modules may be built in, and a container shares its host's: the sysctls below tell whether it worked.
for module in overlay br_netfilter nf_conntrack; do
    modprobe "$module" 2>/dev/null || echo "module $module was not loaded"
done
[ ! -e /etc/sysctl.d/90-confkube.conf ] || /usr/lib/systemd/systemd-sysctl /etc/sysctl.d/90-confkube.conf

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages_missing() {
    missing=
    for package in $PACKAGES; do
        installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ]
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
    apt-get -q -o DPkg::Lock::Timeout=300 update || return 1
    # shellcheck disable=SC2086 # a list of package names
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install --no-install-recommends $missing
}

# Distributions with another package manager bring these two anew.
[ ! -e "$LIB/tdnf.sh" ] || . "$LIB/tdnf.sh"

version_of() {
    case $1 in
        kubeadm) kubeadm version -o short ;;
        kubectl) kubectl version --client ;;
        helm) helm version --template '{{.Version}}' ;;
        *) "$1" --version ;;
    esac 2>&1 | tr -s ' ,' '\n' | sed 's/^v//'
}

present() {
    command -v "$1" >/dev/null && version_of "$1" | grep -qxF -- "${2#v}"
}

# place NAME URL SHA256 MEMBER: MEMBER is the path inside a tar archive, or - for a bare program.
place() {
    archive=$work/$1.archive
    [ -e "$archive" ] || download "$2" "$3" "$archive" || return 1
    if [ "$4" = - ]; then
        mv "$archive" "$work/$1" || return 1
    else
        tar -xzOf "$archive" "$4" >"$work/$1" || return 1
    fi
    install -m 0755 "$work/$1" "/usr/local/bin/.$1.new" && mv "/usr/local/bin/.$1.new" "/usr/local/bin/$1"
}

if packages_missing; then
    echo "installing$missing"
    retry 1200 install_packages || fail "the packages$missing could not be installed"
fi

# A machine whose programs all come from packages or container images has no list.
[ -e "$ETC/downloads" ] || : >"$ETC/downloads"
work=$(mktemp -d "$STATE/install.XXXXXX")
while read -r name version sha256 member url; do
    if present "$name" "$version"; then
        echo "$name $version is here already"
        continue
    fi
    echo "fetching $name $version"
    retry 900 place "$name" "$url" "$sha256" "$member" || fail "$name $version could not be fetched from $url"
    # Another version may have been found in another place before.
    hash -r
    present "$name" "$version" || fail "$name from $url does not report version $version"
done <"$ETC/downloads"
rm -rf "$STATE"/install.*

[ -n "$CONTAINERD" ] || exit 0
mkdir -p /opt/cni/bin /etc/containerd/conf.d /etc/kubernetes/kubelet.conf.d /etc/kubernetes/patches
# The distribution's CNI plugins, where network add-ons look for them and add their own.
for plugin in /usr/lib/cni/*; do
    [ ! -x "$plugin" ] || [ -e "/opt/cni/bin/$(basename "$plugin")" ] || ln -s "$plugin" /opt/cni/bin/
done
if ! cmp -s /etc/containerd/config.toml "$STATE/containerd.toml"; then
    systemctl restart containerd || fail "containerd does not start with /etc/containerd/config.toml"
    cp /etc/containerd/config.toml "$STATE/containerd.toml"
fi
