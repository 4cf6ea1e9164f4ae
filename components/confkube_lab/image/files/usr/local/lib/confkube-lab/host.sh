#!/bin/sh
# Runs first in every machine of the lab.
set -eu

# systemd-nspawn mounts the first version's hierarchies read-only; kubelet and runc make groups in them.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -o remount,rw /sys/fs/cgroup
    for hierarchy in /sys/fs/cgroup/*/; do
        mount -o remount,rw,bind "$hierarchy" 2>/dev/null || mount -o remount,rw "$hierarchy"
    done
fi

# The kubelet insists on settings of the whole kernel. They are shown to it here, and the computer stays as it is.
cover() {
    mkdir -p "/run/confkube-lab/$(dirname "$1")"
    echo "$2" >"/run/confkube-lab/$1"
    mount --bind "/run/confkube-lab/$1" "/proc/sys/$1"
}
cover vm/overcommit_memory 1
cover kernel/panic 10
cover kernel/panic_on_oops 1
