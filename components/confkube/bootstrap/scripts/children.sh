#!/bin/sh
# Makes reality follow /etc/confkube/children.json (apply), shuts all children down in order (stop), or takes them and
# all that they left away, with their network (remove).
. /usr/local/lib/confkube/lib.sh
folder=$STATE/children
# act VERB: its last line says what is wrong.
act() {
    (cd "$LIB" && exec python3 -B -m children "$1") 2>"$RUN/children/reason" ||
        fail "$(tail -n 1 "$RUN/children/reason")"
}

# The children's boot text holds a token, and comes the way of other secrets where there is one.
fetch_text() {
    text=$("$LIB/fetch-secret" "$SECRET_ADDRESS") || return 1
    # Stores differ in what they make of the end of a text; ours ends with one newline.
    printf '%s\n' "$text" >"$ETC/children-user-data.part"
    mv "$ETC/children-user-data.part" "$ETC/children-user-data"
}

case $1 in
    apply)
        # Hypervisors do not run as root: each must find its own files, and finds nothing else readable there.
        chmod 0711 "$STATE" "$RUN"
        mkdir -p "$folder/files" "$RUN/children"
        chmod 0711 "$folder" "$folder/files" "$RUN/children"
        [ -z "$SECRET_ADDRESS" ] || retry 900 fetch_text || fail "the secret $SECRET_ADDRESS could not be read"
        act check >"$RUN/children/wanted"
        while read -r sha256 url; do
            [ ! -e "$folder/files/$sha256" ] || continue
            echo "fetching $url"
            retry 900 download "$url" "$sha256" "$folder/files/$sha256" || fail "$url could not be fetched"
            chmod 0644 "$folder/files/$sha256"
        done <"$RUN/children/wanted"
        act apply
        ;;
    stop) systemctl stop 'confkube-child@*.service' || fail "not all children were shut down" ;;
    remove)
        systemctl disable --now confkube-children.path confkube-children.service confkube-overlay.service \
            confkube-overlay-firewall.service || fail "not all children were shut down"
        rm -rf "$folder" "$RUN/children" "$ETC"/children*
        for family in bridge inet; do
            nft delete table "$family" confkube_overlay 2>/dev/null || true
        done
        sed -n 's/^\(confkube-child[0-9]*\):.*/\1/p' /etc/passwd | while read -r user; do
            userdel "$user"
        done
        ;;
    *) fail "children.sh does not know $1; choose one of apply, remove, stop" ;;
esac
