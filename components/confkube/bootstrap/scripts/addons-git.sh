# shellcheck shell=sh disable=SC2154 # addons.sh sources it and has the names
# Puts charts together from folders of git repositories, each at one commit: its id is the digest of all that is in it.
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https

# obtain URL COMMIT: $charts/COMMIT.git holds that commit whole and checked, or is not there
obtain() {
    [ ! -d "$charts/$2.git" ] || return 0
    rm -rf "$charts/part.git"
    git init -q --bare "$charts/part.git" || return 1
    set -- "$1" "$2" "$charts/part.git"
    timeout 900 git -C "$3" -c transfer.fsckObjects=true fetch -q --no-tags --depth 1 "$1" "$2" || return 1
    if [ "$(git -C "$3" rev-parse --verify -q 'FETCH_HEAD^{commit}')" != "$2" ] ||
        ! git -C "$3" fsck --strict --no-dangling --no-progress "$2"; then
        echo "$1 does not give the commit $2" >&2
        return 1
    fi
    mv "$3" "$charts/$2.git"
}

# place URL COMMIT PATH FOLDER: FOLDER becomes what PATH holds at that commit
place() {
    obtain "$1" "$2" && mkdir -p "$4" && git -C "$charts/$2.git" archive -o "$charts/part.tar" "$2:$3" &&
        tar -xf "$charts/part.tar" -C "$4" --no-same-owner
}

# assemble NAME: the chart and the charts inside it end up in $charts/NAME, a folder that helm takes as it is
assemble() {
    rm -rf "${charts:?}/$1"
    while read -r inside url commit path <&4; do
        target=$charts/$1
        [ "$inside" = . ] || target=$target/charts/$inside
        place "$url" "$commit" "$path" "$target" || return 1
    done 4<"$ETC/addons/$1.git"
    rm -rf "$charts"/*.git "$charts/part.tar"
}
