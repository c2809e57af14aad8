#!/bin/sh
# Is a key good, and whose is it?    check.sh [scope ...] < file-with-the-key
set -eu
. "$(dirname "$0")/read-key.sh"

for scope in "$@"; do
  set -- "$@" --data-urlencode "scope=$scope"
  shift
done
printf 'X-API-Key: %s\n' "$key" | call --get --header @- "$@" "$KEYDESK_URL/v1/validate"
echo
