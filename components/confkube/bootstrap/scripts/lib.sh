#!/bin/sh
# Sourced first by every confkube boot script: names, retries, checked downloads, and one last line on the console.
# shellcheck disable=SC2034 # the names are for the scripts that source this file
set -eu
umask 077
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root
STEP=$(basename "$0" .sh)
ETC=/etc/confkube
STATE=/var/lib/confkube
RUN=/run/confkube
LIB=/usr/local/lib/confkube
CONSOLE=/dev/console
REASON=
. "$ETC/node.env"
mkdir -p "$STATE" "$RUN"

# fail REASON...: end this step; the reason is the last line in the journal and on the console.
fail() {
    REASON=$*
    exit 1
}

last_words() {
    code=$?
    [ "$code" -ne 0 ] || return 0
    line="confkube: $STEP failed: ${REASON:-a command ended with $code}; see: journalctl -u confkube-$STEP"
    printf '%s\n' "$line" >&2
    { printf '%s\n' "$line" >"$CONSOLE"; } 2>/dev/null || return 0
}
trap last_words EXIT

# retry SECONDS COMMAND [ARGUMENT...]: until it succeeds, with pauses of 2, 4, 8 ... 30 seconds that add up to SECONDS.
# The pauses are counted, not the clock: that may still jump while a machine boots.
retry() {
    left=$1
    pause=2
    shift
    until "$@"; do
        [ "$left" -gt 0 ] || return 1
        sleep "$pause"
        left=$((left - pause))
        pause=$((pause * 2))
        [ "$pause" -le 30 ] || pause=30
    done
}

# download URL SHA256 FILE: FILE appears whole and checked, or not at all.
download() {
    rm -f "$3.part"
    curl --proto '=https' --tlsv1.2 -fsSL --connect-timeout 15 --max-time 900 -o "$3.part" "$1" || return 1
    if ! printf '%s  %s\n' "$2" "$3.part" | sha256sum -c --status; then
        rm -f "$3.part"
        echo "$1 does not have the pinned sha256 $2" >&2
        return 1
    fi
    mv "$3.part" "$3"
}
