#!/bin/sh
# Says whether this host can carry a machine of a cluster: one JSON object a line, one line a check. It only reads.
# Arguments: control-plane or worker; none, snp or tdx. With CONFKUBE_HOST_ROOT, below which recorded files stand for
# those of a host, and recorded/<program> for what a program prints.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
role=$1 tee=$2 root=${CONFKUBE_HOST_ROOT:-}

# All read 2026-11-27. SNP: kernel 6.16.1 and firmware 1.55 (Kata alone asks for kernel 6.11). Cores and memory: CoCo's
# quick start. TDX in KVM: merged for Linux 6.16; distributions with a back port have the parameter earlier.
SITE=https://confidentialcontainers.org/docs/getting-started/prerequisites
SNP=$SITE/hardware/snp
TDX=$SITE/hardware/tdx
COCO=$SITE/software
SIZE=https://github.com/confidential-containers/confidentialcontainers.org/tree/f8b9b0f
SEV=https://github.com/torvalds/linux/blob/v6.16/arch/x86/virt/svm/sev.c
QGS=https://github.com/intel/SGXDataCenterAttestationPrimitives/tree/main/QuoteGeneration/quote_wrapper/qgs
KATA=https://github.com/kata-containers/kata-containers/tree/7c6ba40c/docs
KUBEADM=https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/
PORTS=https://kubernetes.io/docs/reference/networking/ports-and-protocols/
OWN=docs/clouds/metal.md

# row CHECK true|false|null FOUND SOURCE FIX: null where it cannot be told.
row() {
    found=$(printf '%s' "$3" | tr -d '\042\134' | tr -s '[:cntrl:]' ' ')
    fix=$5
    [ "$2" != true ] || fix=
    printf '{"check": "%s", "ok": %s, "found": "%s", "fix": "%s", "source": "%s"}\n' "$1" "$2" "$found" "$fix" "$4"
}

# yes COMMAND...: its result as a word of JSON.
yes() { if "$@" >/dev/null 2>&1; then echo true; else echo false; fi; }

# output PROGRAM [ARGUMENT...]: what it prints here, or printed on the recorded host.
output() {
    if [ -n "$root" ]; then cat "$root/recorded/$1" 2>/dev/null; else "$@" 2>/dev/null; fi
}

first_line() { head -n 1 "$root$1" 2>/dev/null; }

# at_least VERSION WANTED: compares the numbers of versions, up to the third.
at_least() {
    printf '%s %s\n' "$1" "$2" | awk '{
        split($1, a, /[^0-9]+/); split($2, b, /[^0-9]+/)
        for (i = 1; i <= 3; i++) if (a[i] + 0 != b[i] + 0) exit a[i] + 0 < b[i] + 0
    }'
}

kernel_log() {
    if [ -n "$root" ]; then
        output dmesg
    else
        journalctl -q -k -b 0 -o cat 2>/dev/null || dmesg 2>/dev/null
    fi
}

# there PATH: the path where it is there.
there() { if [ -e "$root$1" ]; then echo "$1"; else echo "no $1"; fi; }

has_flag() { grep -m 1 '^flags' "$root/proc/cpuinfo" 2>/dev/null | grep -qw "$1"; }

# ---- whose it is ----------------------------------------------------------------------------------------------------
owner=
for record in "$root"/var/lib/confkube-metal/*/record.json; do
    [ ! -e "$record" ] || owner=$(basename "$(dirname "$record")")
done
row owner true "$owner" "$OWN" ""

# ---- what every machine needs ---------------------------------------------------------------------------------------
machine=$(output uname -m)
row architecture "$(yes [ "$machine" = x86_64 ])" "$machine" "$KATA" "use a host with an x86_64 processor"

# shellcheck disable=SC1091 # a file of the host
system=$(. "$root/etc/os-release" 2>/dev/null && echo "${PRETTY_NAME:-${ID:-}}")
row packages "$(yes [ -x "$root/usr/bin/apt-get" ])" "${system:-unknown}" "$OWN" \
    "use a Debian or Ubuntu: what a node needs is installed with apt"
row python "$(yes [ -e "$root/usr/bin/python3" ])" "$([ -e "$root/usr/bin/python3" ] && echo present)" "$OWN" \
    "install python3, with which files are placed and taken away"
row systemd "$(yes [ -d "$root/run/systemd/system" ])" "$([ -d "$root/run/systemd/system" ] && echo running)" \
    "$KUBEADM" "boot the host with systemd"

name=$(first_line /proc/sys/kernel/hostname)
fits=$(printf '%s\n' "$name" | grep -Exc '[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?')
row hostname "$(yes [ "$fits" = 1 ])" "$name" "$KUBEADM" \
    "set a host name of lower-case letters, digits, dots and dashes; it becomes the name of the node"

cores=$(grep -c '^processor' "$root/proc/cpuinfo" 2>/dev/null)
memory=$(awk '/^MemTotal:/ {printf "%.1f", $2 / 1048576}' "$root/proc/meminfo" 2>/dev/null)
least_cores=2 least_memory=2 why=$KUBEADM
[ "$tee" = none ] || least_cores=4 least_memory=8 why=$SIZE
row cores "$(yes [ "${cores:-0}" -ge "$least_cores" ])" "${cores:-0}" "$why" \
    "use a host with at least $least_cores cores"
# What the firmware and the kernel keep for themselves is missing from MemTotal.
row memory "$(yes awk "BEGIN {exit !(${memory:-0} >= $least_memory * 0.9)}")" "${memory:-0} GiB" "$why" \
    "use a host with at least $least_memory GiB of memory"
free=$(output df -Pk /var/lib | awk 'END {printf "%d", $4 / 1048576}')
row disk "$(yes [ "${free:-0}" -ge 20 ])" "${free:-0} GiB free below /var/lib" "$OWN" \
    "free at least 20 GiB below /var/lib"

swaps=$(tail -n +2 "$root/proc/swaps" 2>/dev/null | awk '{printf "%s ", $1}')
row swap "$(yes [ -z "$swaps" ])" "${swaps:-off}" "$KUBEADM" \
    "switch swap off for good: swapoff -a, and remove it from /etc/fstab"
enforcing=$(first_line /sys/fs/selinux/enforce)
row selinux "$(yes [ ! -e "$root/sys/fs/selinux/enforce" ])" \
    "$(case $enforcing in '') echo off ;; 1) echo enforcing ;; *) echo permissive ;; esac)" "$COCO" \
    "switch SELinux off: selinux=0 on the kernel's command line"
synchronized=$(output timedatectl show --property=NTPSynchronized --value)
case $synchronized in
    yes) row time true synchronized "$OWN" "" ;;
    no)
        row time false "not synchronized" "$OWN" \
            "let the clock be kept, for example: apt-get install systemd-timesyncd; certificates count from it"
        ;;
    *) row time null unknown "$OWN" "see that the clock is kept; timedatectl does not tell" ;;
esac

# ---- containerd -----------------------------------------------------------------------------------------------------
installed=$(awk '/^Package:/ {name = $2} /^Status:/ {there = $4} /^Version:/ && there == "installed" && \
    (name == "containerd" || name == "containerd.io") {print $2; exit}' "$root/var/lib/dpkg/status" 2>/dev/null)
# What the archives offer; apt compresses its lists on some systems.
listed() {
    for list in "$root"/var/lib/apt/lists/*_Packages*; do
        case $list in
            *_Packages) cat "$list" ;;
            *) /usr/lib/apt/apt-helper cat-file "$list" ;;
        esac 2>/dev/null | awk '/^Package:/ {here = $2 == "containerd"} here && /^Version:/ {print $2}'
    done
}
offered=
[ -n "$installed" ] || offered=$(listed | sort -V | tail -n 1)
version=${installed:-$offered}
version=${version#*:}
if [ -z "$version" ]; then
    row containerd false "neither installed nor offered" "$COCO" \
        "run apt-get update, with an archive that has containerd 1.7 or later"
else
    [ -n "$installed" ] || absent=", not installed yet"
    row containerd "$(yes at_least "$version" 1.7)" "$version${absent-}" "$COCO" \
        "use a release with containerd 1.7 or later, such as Debian 13 or Ubuntu 24.04"
fi

# ---- nothing of Kubernetes there yet; not looked at where the host belongs to the cluster already -------------------
left=
for path in /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests /var/lib/kubelet/config.yaml /var/lib/etcd/member \
    /etc/rancher /var/lib/rancher /var/snap/microk8s /var/lib/k0s /etc/confkube /var/lib/confkube; do
    [ ! -e "$root$path" ] || left="$left $path"
done
row vacant "$(yes [ -z "$left" ])" "${left:-nothing of Kubernetes}" "$KUBEADM" \
    "remove the Kubernetes node that this host is already, or take another host"
wanted="10250 10256"
[ "$role" != control-plane ] || wanted="6443 2379 2380 10257 10259 $wanted"
listening() { cat "$root/proc/net/tcp" "$root/proc/net/tcp6" 2>/dev/null | awk '$4 == "0A" {print $2}'; }
taken=
for port in $wanted; do
    number=$(printf '%04X' "$port")
    ! listening | grep -q ":$number\$" || taken="$taken $port"
done
row ports "$(yes [ -z "$taken" ])" "${taken:-free}" "$PORTS" \
    "stop what listens on these TCP ports, which Kubernetes needs"

# ---- what confidential pods and children need -----------------------------------------------------------------------
kernel=$(first_line /proc/sys/kernel/osrelease)
if [ "$tee" != none ]; then
    row kvm "$(yes [ -e "$root/dev/kvm" ])" "$(there /dev/kvm)" "$KATA" \
        "enable virtualization in the firmware, and load kvm_amd or kvm_intel"
    row vsock "$(yes [ -e "$root/dev/vhost-vsock" ])" "$(there /dev/vhost-vsock)" "$KATA" \
        "load the module vhost_vsock, also at boot: echo vhost_vsock >/etc/modules-load.d/vhost_vsock.conf"
fi
case $tee in
    snp)
        row kernel "$(yes at_least "$kernel" 6.16.1)" "$kernel" "$SNP" "boot a kernel of version 6.16.1 or later"
        flag=$(yes has_flag sev_snp)
        log=$(kernel_log | grep -E 'SEV-SNP|SEV API|SEV-SNP API|RMP' | head -n 40)
        reserved=$(printf '%s\n' "$log" | grep -m 1 -o 'RMP table physical .*')
        refused=$(printf '%s\n' "$log" | grep -m 1 -oE 'Memory (for|reserved for) the RMP table (has not|does not) .*')
        [ -n "$refused" ] || refused=$(printf '%s\n' "$log" | grep -m 1 -oE 'RMP configuration not valid.*')
        if [ -n "$refused" ] || [ "$flag" = false ]; then
            row snp-firmware false "${refused:-the processor shows no sev_snp}" "$SEV" \
                "in the firmware enable SMEE (memory encryption), SEV-SNP, and SNP memory coverage (RMP table)"
        else
            row snp-firmware true "${reserved:-the processor shows sev_snp}" "$SEV" ""
        fi
        level=$(printf '%s\n' "$log" | grep -oE 'SEV(-SNP)? API:[0-9]+\.[0-9]+ build:[0-9]+' | tail -n 1)
        number=$(printf '%s' "$level" | sed -E 's/.*API:([0-9.]+).*/\1/')
        if [ -n "$number" ]; then
            row snp-firmware-level "$(yes at_least "$number" 1.55)" "$number" "$SNP" \
                "update the SEV firmware to 1.55 or later, with the vendor's BIOS or from amd.com/en/developer/sev.html"
        else
            row snp-firmware-level null "not in the kernel's log" "$SNP" \
                "see that the SEV firmware is 1.55 or later, for example with: snphost show version"
        fi
        parameter=$(first_line /sys/module/kvm_amd/parameters/sev_snp)
        row snp-kernel "$(yes [ "$parameter" = Y ])" "kvm_amd.sev_snp=${parameter:-absent}" "$SNP" \
            "load kvm_amd with sev=1 sev_es=1 sev_snp=1, without iommu=pt on the kernel's command line"
        ;;
    tdx)
        parameter=$(first_line /sys/module/kvm_intel/parameters/tdx)
        fits=$(yes at_least "$kernel" 6.16)
        [ -z "$parameter" ] || fits=true
        row kernel "$fits" "$kernel" "$TDX" \
            "boot a kernel of version 6.16 or later, or a distribution's with TDX in KVM"
        flag=$(yes has_flag tdx_host_platform)
        log=$(kernel_log | grep -E 'virt/tdx|x86/tme' | head -n 40)
        refused=$(printf '%s\n' "$log" | grep -m 1 -oE 'virt/tdx: .*(failed|not available|disabled|No TDX).*')
        shown=tdx_host_platform
        [ "$flag" = true ] || shown="the processor shows no tdx_host_platform"
        row tdx-firmware "$flag" "$shown" "$TDX" \
            "in the firmware enable TME, TME-MT, TDX, the SEAM loader, and a TME-MT/TDX key split that is not zero"
        initialized=$(printf '%s\n' "$log" | grep -m 1 -oE 'virt/tdx: module initialized')
        if [ -n "$initialized" ]; then
            row tdx-module true "$initialized" "$TDX" ""
        elif [ -n "$refused" ]; then
            row tdx-module false "$refused" "$TDX" \
                "load a TDX module that fits the processor, from the firmware or the ESP"
        else
            row tdx-module null "not in the kernel's log" "$TDX" \
                "see that the TDX module is initialized: dmesg | grep -i tdx"
        fi
        row tdx-kernel "$(yes [ "$parameter" = Y ])" "kvm_intel.tdx=${parameter:-absent}" "$TDX" \
            "load kvm_intel with tdx=1"
        service=
        [ ! -e "$root/run/tdx-qgs/qgs.socket" ] || service=/run/tdx-qgs/qgs.socket
        [ -n "$service" ] || ! output ss -l -n --vsock | grep -q ':4050\b' || service="vsock 4050"
        row quote-service "$(yes [ -n "$service" ])" "${service:-absent}" "$QGS" \
            "install tdx-qgs and a PCCS: without the quote generation service nothing can be attested"
        ;;
esac
