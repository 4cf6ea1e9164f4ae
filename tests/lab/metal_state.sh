#!/bin/bash
# shellcheck disable=SC2009,SC2012 # names are plain here, and whole command lines are wanted
# Prints all that this host is made of, one line a thing. Left out: logs, caches, what counts or names the time.
cd /
find etc usr opt root home var srv boot -xdev \
    \( -path var/log -o -path var/cache -o -path var/lib/apt -o -path var/tmp -o -path var/lib/systemd \
    -o -path var/lib/dpkg -o -path var/lib/cloud -o -path usr/share/man -o -path var/lib/private \) -prune -o \
    -printf '%y %m %U:%G %p %l\n' | grep -v '__pycache__' | sort
find etc usr opt root home var/lib srv boot -xdev \
    \( -path var/lib/apt -o -path var/lib/systemd -o -path var/lib/dpkg -o -path var/lib/cloud -o -path var/lib/private \) \
    -prune -o -type f ! -name '*.pyc' ! -path etc/ld.so.cache -print0 | sort -z | xargs -0 sha256sum
dpkg-query -W -f 'package ${binary:Package} ${Version} ${db:Status-Abbrev}\n'
ls var/lib/dpkg/info | sed 's/^/info /'
ls -A var/lib/systemd/deb-systemd-helper-enabled 2>/dev/null | sed 's/^/helper /'
systemctl list-unit-files --no-legend --no-pager | awk '{print "unit", $1, $2}'
systemctl list-units --all --no-legend --no-pager --plain --type=service,socket,timer,path |
    awk '$1 !~ /^(user|session|ssh@|sshd@|systemd-(tmpfiles|hostnamed|timedated|localed|networkd-persist)|run-)/ && $1 !~ /@/ {print "runs", $1, $4}'
ls /sys/class/net | sed 's/^/link /'
awk '{print "mount", $5}' /proc/self/mountinfo
sysctl -a 2>/dev/null | grep -E '^(net\.ipv4\.ip_forward|net\.ipv4\.conf\.all|vm\.(overcommit|panic)|kernel\.(panic|keys)|net\.netfilter\.nf_conntrack_(max|tcp_timeout))'
ps -e -o args= | grep -E 'kube|etcd|containerd|pause|coredns|flannel' | grep -v grep | sed 's/^/process /'
ls -d run/containerd run/flannel run/confkube run/confkube-metal run/netns/* run/spire var/log/pods var/log/containers 2>/dev/null
true
