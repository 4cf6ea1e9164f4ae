# shellcheck shell=sh # control-plane.sh sources it
# Makes what the cluster must have before its add-ons come: runtime classes, and the objects that the secret brought.
[ ! -e "$ETC/runtime-classes.yaml" ] || retry 300 kubectl apply -f "$ETC/runtime-classes.yaml" ||
    fail "the runtime classes could not be made"
# Applied by the server, so that no annotation repeats what is secret.
[ ! -e "$RUN/objects.json" ] || retry 300 kubectl apply --server-side --field-manager=confkube -f "$RUN/objects.json" ||
    fail "the objects of the secret could not be made"
rm -f "$RUN/objects.json"
