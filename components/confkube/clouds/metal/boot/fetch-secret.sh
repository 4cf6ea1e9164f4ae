#!/bin/sh
# Prints the secret $1 that was handed over for this machine, once: it lies in memory only and is gone then.
set -eu
file=/run/confkube-metal/secrets/$(printf '%s' "$1" | sha256sum | cut -d ' ' -f 1)
cat "$file"
rm -f "$file"
