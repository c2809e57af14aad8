"""The user whom the proxy in front names in a header. It counts from the addresses of that proxy alone."""

from urllib.parse import unquote

from caller import Caller
from peers import Peers
from starlette.requests import Request

from fastapi import HTTPException


class TrustedProxy:
    """`header`: X-Auth-Request-User, X-Remote-User, or what else the proxy sets and the client cannot."""

    def __init__(self, peers: Peers, header: str = "X-Auth-Request-User", require_https: bool = True) -> None:
        self._peers = peers
        self._header = header
        self._require_https = require_https

    async def __call__(self, request: Request) -> Caller:
        if not self._peers.is_proxy(request):
            raise HTTPException(401, "Come through the proxy: from here no header says who you are.")
        if self._require_https and not came_by_https(request):
            raise HTTPException(403, "Use https.")
        named = request.headers.getlist(self._header)
        user = decoded(named[0]) if len(named) == 1 else ""
        if not user:
            raise HTTPException(401, f"The proxy did not name a user in {self._header}.")
        return Caller(user_id=user, method="proxy")


def came_by_https(request: Request) -> bool:
    """By what the proxy says of the client; where it says nothing, by how it came itself."""
    told = request.headers.getlist("x-forwarded-proto")
    return told == ["https"] if told else request.url.scheme == "https"


def decoded(value: str) -> str:
    """Keydesk percent-encodes what is not ASCII. Empty for what it would not have sent."""
    try:
        text = unquote(value, errors="strict")
    except ValueError:
        return ""
    return text if text.isprintable() else ""
