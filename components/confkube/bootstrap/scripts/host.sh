#!/bin/sh
# Makes this machine one whose pods can run in virtual machines: boot entry, modules, devices, and the user's archive.
. /usr/local/lib/confkube/lib.sh
umask 022

# absent: the devices that are not there
absent() {
    for module in $MODULES; do
        # Modules may be built in: the devices tell whether it worked.
        modprobe "$module" 2>/dev/null || echo "module $module was not loaded"
    done
    missing=
    for device in $DEVICES; do
        [ -e "$device" ] || missing="$missing $device"
    done
    [ -n "$missing" ]
}

# Which entry is started next is kept where the distribution's own tool finds it when it writes the menu anew.
choose_entry() {
    sed -i '/^GRUB_DEFAULT=/d' /etc/default/grub && printf 'GRUB_DEFAULT="%s"\n' "$BOOT_ENTRY" >>/etc/default/grub &&
        grub2-mkconfig -o /boot/grub2/grub.cfg && grep -q "^menuentry ['\"]${BOOT_ENTRY}['\"]" /boot/grub2/grub.cfg
}

if absent; then
    [ -n "$BOOT_ENTRY" ] || fail "this machine has no$missing: virtual machines cannot be started here"
    [ ! -e "$STATE/host.restarted" ] || fail "there is no$missing after a start with the boot entry $BOOT_ENTRY"
    choose_entry || fail "the boot entry $BOOT_ENTRY could not be chosen"
    touch "$STATE/host.restarted"
    sync
    echo "starting anew with the boot entry $BOOT_ENTRY"
    systemctl --no-block reboot
    sleep 600
    fail "this machine was told to start anew and did not"
fi

if [ -n "$ARCHIVE_URL" ] && [ "$(cat "$STATE/host.archive" 2>/dev/null)" != "$ARCHIVE_SHA256" ]; then
    retry 900 download "$ARCHIVE_URL" "$ARCHIVE_SHA256" "$STATE/host.tar.gz" ||
        fail "the runtime could not be fetched from $ARCHIVE_URL"
    tar -xzf "$STATE/host.tar.gz" -C / --no-same-owner --keep-directory-symlink ||
        fail "the archive from $ARCHIVE_URL could not be unpacked"
    rm -f "$STATE/host.tar.gz"
    # It may bring its own containerd, and modules that containerd looks for when it starts are loaded by now.
    systemctl daemon-reload
    systemctl restart containerd || fail "containerd does not start with the runtime of $ARCHIVE_URL"
    printf '%s\n' "$ARCHIVE_SHA256" >"$STATE/host.archive"
fi

[ -n "$LEAST_CONTAINERD" ] || exit 0
running=$(ctr version 2>/dev/null | sed -n '/^Server:/,$s/^ *Version: *v*//p')
[ "$(printf '%s\n%s\n' "$LEAST_CONTAINERD" "$running" | sort -V | head -n 1)" = "$LEAST_CONTAINERD" ] ||
    fail "containerd ${running:-without a version} runs here; pods in virtual machines need $LEAST_CONTAINERD or newer"
