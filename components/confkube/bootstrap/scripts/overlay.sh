#!/bin/sh
# The network of the children: a VXLAN of fixed members. overlay.sh up makes it, or brings it up to date; overlay.sh
# down takes it away. /etc/confkube/overlay: this machine's number and the first half of the range, then the node
# addresses of all, from the control plane, which is number 0.
. /usr/local/lib/confkube/lib.sh
LINK=confkube-vx
BRIDGE=confkube-br
ID=4789

down() {
    while ip rule delete priority "$ID" 2>/dev/null; do :; done
    ip route flush table "$ID" 2>/dev/null || true
    for name in "$BRIDGE" "$LINK"; do
        [ ! -e "/sys/class/net/$name" ] || ip link delete "$name"
    done
}

# device_of ADDRESS: the interface that has this machine's address, once it has it.
device_of() {
    device=$(ip -o -4 address show to "$1" | awk '{ print $2; exit }')
    [ -n "$device" ]
}

# setting NAME VALUE: a setting of the network; where it has the value already it need not be writable.
setting() {
    [ "$(cat "/proc/sys/net/ipv4/$1")" = "$2" ] || echo "$2" >"/proc/sys/net/ipv4/$1" || fail "$1 could not be set to $2"
}

# member NUMBER: sets where that machine forwards, and its hardware address; nested_values.py computes the same.
member() {
    gateway=$prefix.$1.1
    mac=$(printf '02:cf:%02x:%02x:%02x:01' "${prefix%.*}" "${prefix#*.}" "$1")
}

# link NAME TYPE...: made unless it is there.
link() {
    name=$1
    shift
    [ -e "/sys/class/net/$name" ] || ip link add "$name" address "$mac" type "$@" || fail "$name could not be made"
    ip link set "$name" mtu "$mtu" up
}

itself() {
    retry 120 device_of "$node" || fail "no interface has this machine's address $node"
    # What VXLAN over IPv4 takes of each packet: RFC 7348.
    mtu=$(($(cat "/sys/class/net/$device/mtu") - 50))
    link "$LINK" vxlan id "$ID" local "$node" dev "$device" dstport 4789 nolearning
    setting "conf/$LINK/rp_filter" 2
    if [ "$own" = 0 ]; then
        ip address replace "$gateway/32" dev "$LINK"
        return
    fi
    setting ip_forward 1
    link "$BRIDGE" bridge
    ip address replace "$gateway/24" dev "$BRIDGE"
    # Children are kept apart on the bridge; this machine answers for each of them, and forwards.
    setting "conf/$BRIDGE/proxy_arp_pvlan" 1
    setting "conf/$BRIDGE/send_redirects" 0
    setting conf/all/send_redirects 0
}

peer() {
    bridge fdb replace "$mac" dev "$LINK" dst "$node" self permanent
    ip neighbour replace "$gateway" lladdr "$mac" dev "$LINK" nud permanent
    set -- via "$gateway" dev "$LINK" onlink
    if [ "$number" != 0 ]; then
        [ "$own" != 0 ] || set -- "$@" src "$self"
        ip route replace "$prefix.$number.0/24" "$@"
        return
    fi
    # The API server is where it is for everybody; only what children send there takes this way.
    ip route replace "$node/32" "$@" table "$ID"
    ip rule delete priority "$ID" 2>/dev/null || true
    ip rule add iif "$BRIDGE" to "$node" lookup "$ID" priority "$ID"
}

up() {
    {
        read -r own prefix
        nodes=$(cat)
    } <"$ETC/overlay"
    self=$(echo "$nodes" | sed -n "$((own + 1))p")
    node=$self
    member "$own"
    itself
    number=0
    for node in $nodes; do
        member "$number"
        [ "$number" = "$own" ] || peer
        number=$((number + 1))
    done
    echo "the network of the children is up: packets of $mtu bytes"
}

"$1"
