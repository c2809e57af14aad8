# Read by the scripts beside it, not run. The key comes on standard input: everybody on a machine can see arguments.
: "${KEYDESK_URL:?Set it, for example KEYDESK_URL=https://keys.acme.test}"
case $KEYDESK_URL in
  https://* | http://localhost | http://localhost[:/]* | http://127.0.0.1 | http://127.0.0.1[:/]*) ;;
  *) echo "KEYDESK_URL is not https: the key would cross the network for everybody to read." >&2 && exit 2 ;;
esac
KEYDESK_URL=${KEYDESK_URL%/}

if [ -t 0 ]; then
  printf 'API key: ' >&2
  trap 'stty echo' EXIT INT TERM
  stty -echo
fi
key=
IFS= read -r key || true
key=${key%"$(printf '\r')"}
case $key in
  '' | *[!0-9A-Za-z_]*) echo "That is no API key. Send it on standard input, alone on its line." >&2 && exit 2 ;;
esac

# What all calls have in common. Status 22 is a refusal, whose reason is printed.
call() {
  curl --silent --show-error --fail-with-body --max-time 10 "$@"
}
