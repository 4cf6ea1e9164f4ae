# shellcheck shell=sh disable=SC2154,SC2317 # install.sh sources it
# Packages of a distribution whose package manager is tdnf.
installed() {
    rpm -q "$1" >/dev/null 2>&1
}

install_packages() {
    # shellcheck disable=SC2086 # a list of package names
    tdnf -q -y install $missing
}
