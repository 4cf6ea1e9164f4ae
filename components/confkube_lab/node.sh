#!/bin/bash
# Runs one machine, in the lab's namespaces and a mount namespace of its own; ends when the machine is switched off.
# From the environment: TOOLS (the root of the lab image), IMAGE (the root to boot from, mostly the same), MACHINE (the machine's directory), NAME, ID, BRIDGE, GROUP.
# The end of its cable that is in the bridge is called vb- and the first eleven digits of ID.
set -eu
exec 2>>"$MACHINE/console.log"

# Groups of this computer: one of our own in every hierarchy, so that no two machines share what kubelet makes there.
own() {
    local groups controllers path base
    groups=$(cat /proc/self/cgroup) # read first: it changes with every move
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        # Version two: groups with processes may not have children with controllers, so ours start at the root.
        base=/sys/fs/cgroup/$GROUP
        mkdir -p "$base"
        for controller in cpuset cpu io memory hugetlb pids; do
            echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || continue
        done 2>/dev/null
        echo $$ >"$base/cgroup.procs"
        return
    fi
    while IFS=: read -r _ controllers path; do
        case $controllers in
            '') base=/sys/fs/cgroup/unified ;;
            name=systemd) base=/sys/fs/cgroup/systemd ;;
            *) base=/sys/fs/cgroup/$controllers ;;
        esac
        [ -d "$base" ] || continue
        path=$base${path%/}
        mkdir -p "$path/$GROUP" || continue
        if [ -e "$path/cpuset.cpus" ]; then
            cat "$path/cpuset.cpus" >"$path/$GROUP/cpuset.cpus"
            cat "$path/cpuset.mems" >"$path/$GROUP/cpuset.mems"
        fi
        echo $$ >"$path/$GROUP/cgroup.procs"
    done <<<"$groups"
}

disk=$MACHINE/disk host=$MACHINE/host
mkdir -p "$disk" "$host"
own
mount -o loop,noatime "$MACHINE/disk.img" "$disk"
for folder in upper work containerd kubelet etcd; do
    mkdir -p "$disk/$folder"
done
if [ -d "$MACHINE/seed" ] && [ ! -e "$disk/seeded" ]; then
    seed=$disk/upper/var/lib/cloud/seed/nocloud
    mkdir -p "$seed" "$disk/upper/etc"
    cp "$MACHINE/seed/"* "$seed/"
    echo "$ID" >"$disk/upper/etc/machine-id"
    touch "$disk/seeded"
fi

# systemd-nspawn is the image's own, and so is all that it needs: this computer may have none.
mount --bind "$TOOLS" "$host"
mount -o remount,bind,ro "$host"
mount -t tmpfs -o mode=755 tmpfs "$host/run"
mount -t tmpfs tmpfs "$host/tmp"
mount -t proc proc "$host/proc"
mount -t sysfs sysfs "$host/sys"
mount --rbind /sys/fs/cgroup "$host/sys/fs/cgroup"
mount --rbind /dev "$host/dev"
mkdir -p "$host/run/disk" "$host/run/machine" "$host/run/old"
mount --bind "$disk" "$host/run/disk"
mount -t overlay overlay -o "lowerdir=$IMAGE,upperdir=$disk/upper,workdir=$disk/work" "$host/run/machine"
cd "$host"
pivot_root . run/old
umount -l /run/old
cd /

code=133
while [ "$code" -eq 133 ]; do # how systemd-nspawn says that the machine wants to boot again
    code=0
    # The kernel takes a while to remove the cable of a machine that has just ended.
    ip link delete "vb-${ID:0:11}" 2>/dev/null || true
    systemd-nspawn --quiet --directory=/run/machine --register=no --keep-unit --machine="${ID:0:11}" --uuid="$ID" \
        --hostname="$NAME" \
        --link-journal=no --resolv-conf=off --timezone=off --kill-signal=SIGRTMIN+3 \
        --network-bridge="$BRIDGE" --capability=all --system-call-filter='@keyring bpf' --bind=/dev/kmsg \
        --bind=/run/disk/containerd:/var/lib/containerd --bind=/run/disk/kubelet:/var/lib/kubelet \
        --bind=/run/disk/etcd:/var/lib/etcd --boot </dev/null >&2 || code=$?
done
exit "$code"
