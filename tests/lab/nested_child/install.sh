# install.sh IMAGE FOLDER PACKAGE...: installs packages on top of IMAGE; what they add is in FOLDER/upper.
image=$1 folder=$2
shift 2
mount -t overlay overlay -o lowerdir="$image",upperdir="$folder/upper",workdir="$folder/work" "$folder/root"
mount -t proc proc "$folder/root/proc"
mount --bind /dev "$folder/root/dev"
mount -t tmpfs tmpfs "$folder/root/tmp"
cp /etc/resolv.conf "$folder/resolv.conf"
mount --bind "$folder/resolv.conf" "$folder/root/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive
chroot "$folder/root" apt-get -q update
chroot "$folder/root" apt-get -q -y -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@"
rm -rf "$folder"/root/var/cache/apt/* "$folder"/root/var/lib/apt/lists/*
