# disk.sh IMAGE FOLDER FILES UNIT...: makes FILES/kernel, FILES/initrd, and the file system in FILES/image, out of what
# install.sh left; the units do not start there.
image=$1 folder=$2 files=$3
here=$(dirname "$0")
shift 3
mount -t overlay overlay -o lowerdir="$image",upperdir="$folder/upper",workdir="$folder/work" "$folder/root"
root=$folder/root
version=$(basename "$root"/lib/modules/*)
cp "$root/boot/vmlinuz-$version" "$files/kernel"

initrd=$folder/initrd
mkdir -p "$initrd"/{bin,dev,proc,root,modules}
cp "$root/usr/bin/busybox" "$initrd/bin/busybox"
install -m 0755 "$here/init" "$initrd/init"
number=10
for module in virtio_pci virtio_blk ext4; do
    while read -r _ path _; do
        [ -e "$root$path" ] || continue
        name=$(basename "$path" .xz)
        compgen -G "$initrd/modules/*-$name" >/dev/null || xz -dc "$root$path" >"$initrd/modules/$((number++))-$name"
    done < <(chroot "$root" modprobe --set-version "$version" --show-depends "$module")
done
(cd "$initrd" && find . | "$root/usr/bin/busybox" cpio -o -H newc) | gzip -1 >"$files/initrd"

mkfs.ext4 -q -m 0 "$files/image"
disk=$folder/disk
mount -o loop "$files/image" "$disk"
tar -C "$root" -c --exclude='./boot/vmlinuz*' --exclude='./boot/initrd*' --exclude=./usr/share/confkube/images . |
    tar -C "$disk" -x
for unit in "$@"; do
    ln -sf /dev/null "$disk/etc/systemd/system/$unit"
done
cp "$here/cloud-init.cfg" "$disk/etc/cloud/cloud.cfg.d/99-child.cfg"

# The container images that a node of the lab has are handed to containerd here rather than there.
mount -t proc proc "$disk/proc"
mount --bind /dev "$disk/dev"
mount -t sysfs sysfs "$disk/sys"
mount -t tmpfs tmpfs "$disk/run"
mkdir "$disk/run/images"
mount --bind "$image/usr/share/confkube/images/node" "$disk/run/images"
chroot "$disk" containerd >"$folder/containerd.log" 2>&1 &
until [ -S "$disk/run/containerd/containerd.sock" ]; do
    kill -0 $! || { tail -n 3 "$folder/containerd.log" >&2; exit 1; }
    sleep 0.2
done
for archive in "$disk"/run/images/*.tar; do
    chroot "$disk" ctr --namespace k8s.io images import "/run/images/$(basename "$archive")"
done
kill $!
wait $! || true
mkdir -p "$disk/var/lib/confkube-lab"
touch "$disk/var/lib/confkube-lab/images.done" "$disk/etc/.updated" "$disk/var/.updated"
umount "$disk/run/images" "$disk"/{proc,dev,sys,run} "$disk"
