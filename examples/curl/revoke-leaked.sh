#!/bin/sh
# Stops a key that was found where it should not be. Whoever holds a key may; its owner is told.    revoke-leaked.sh < file-with-the-key
set -eu
. "$(dirname "$0")/read-key.sh"

printf '%s' "$key" | call --data-urlencode token@- "$KEYDESK_URL/v1/revoke"
rest=${key#*_}
echo "Nobody accepts ${key%%_*}_${rest%%_*} any more."
