#!/bin/sh
# Turns a key into a JWT for a service of JWT_AUDIENCES.    token.sh audience [scope ...] < file-with-the-key
set -eu
audience=${1:?Whom is the JWT for? token.sh audience [scope ...]}
shift
. "$(dirname "$0")/read-key.sh"

if [ $# -gt 0 ]; then set -- --data-urlencode "scope=$*"; fi
answer=$(
  printf 'X-API-Key: %s\n' "$key" |
    call --header @- --data grant_type=client_credentials --data-urlencode "audience=$audience" "$@" "$KEYDESK_URL/v1/token"
) || {
  status=$?
  printf '%s\n' "$answer" >&2
  exit "$status"
}
printf '%s\n' "$answer" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'
