"""X-API-Key, by asking Keydesk at every call: a revoked key is refused on its next use."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import httpx
from caller import Caller
from fastapi.security import APIKeyHeader
from peers import Peers
from starlette.requests import Request

from fastapi import HTTPException, Security

# What Keydesk says of the caller's key is passed on. Anything else is our own trouble, and never a pass.
PASSED_ON = (401, 403, 429)
HEADERS_PASSED_ON = ("WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy")
_shown_in_docs = APIKeyHeader(name="X-API-Key", auto_error=False)


class KeydeskKey:
    """`url`: where Keydesk is called. `seconds`: how long an answer may take, all told."""

    def __init__(self, url: str, peers: Peers, seconds: float = 3) -> None:
        self._url = f"{url.rstrip('/')}/v1/validate"
        self._peers = peers
        self._seconds = seconds
        self._client = httpx.AsyncClient(timeout=seconds, follow_redirects=False)

    def require(
        self, scopes: Sequence[str] = (), groups: Sequence[str] = ()
    ) -> Callable[..., Awaitable[Caller]]:
        """A dependency that wants each of these scopes of the key, and its owner in each of these groups."""
        demands = httpx.QueryParams({"scope": list(scopes), "group": list(groups)})

        async def caller_by_key(request: Request, _: str | None = Security(_shown_in_docs)) -> Caller:
            shown = request.headers.getlist("x-api-key")
            if shown in ([], [""]):
                raise refusal(401, "missing_key", "Send your API key as the header X-API-Key.")
            if len(shown) > 1 or not (shown[0].isascii() and shown[0].isprintable() and len(shown[0]) <= 200):
                raise refusal(401, "invalid_key", "The API key is not valid.")
            return await self._ask(shown[0], self._peers.forwarded_for(request), demands)

        return caller_by_key

    async def _ask(self, key: str, forwarded_for: str | None, demands: httpx.QueryParams) -> Caller:
        headers = {"X-API-Key": key, "Accept": "application/json"}
        # For keys with allowed addresses. It counts where this service is in Keydesk's TRUSTED_PROXIES.
        if forwarded_for is not None:
            headers["X-Forwarded-For"] = forwarded_for
        asking = self._client.get(self._url, params=demands, headers=headers)
        try:
            # The client's own timeout is one of each read: an answer that drips would never end.
            answer = await asyncio.wait_for(asking, self._seconds)
            body = answer.json() if answer.content else {}
            if answer.status_code == 200:
                return caller_of(body)
        except (httpx.HTTPError, asyncio.TimeoutError, ValueError, KeyError, TypeError) as error:
            raise refusal(503, "unavailable", "Keydesk cannot be asked right now.") from error
        pass_on(answer, body)


def caller_of(body: Any) -> Caller:
    """Raises KeyError, TypeError or ValueError for what is not Keydesk's word for a good key."""
    if body["valid"] is not True:
        raise ValueError("a 200 that does not say valid")
    user, key = body["user"], body["key"]
    return Caller(
        user_id=user["id"],
        method="key",
        email=user["email"],
        name=user["name"],
        roles=(user["role"], *user["groups"]),
        scopes=tuple(key["scopes"]),
    )


def pass_on(answer: httpx.Response, body: Any) -> NoReturn:
    headers = {name: answer.headers[name] for name in HEADERS_PASSED_ON if name in answer.headers}
    if answer.status_code not in PASSED_ON or not isinstance(body, dict):
        raise refusal(503, "unavailable", "Keydesk cannot be asked right now.", headers)
    code, message = str(body.get("code", "refused")), str(body.get("detail", "Keydesk refuses this key."))
    raise refusal(answer.status_code, code, message, headers)


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> HTTPException:
    told = dict(headers or {})
    if status == 401:
        told.setdefault("WWW-Authenticate", 'ApiKey realm="keydesk"')
    return HTTPException(status, detail={"code": code, "message": message}, headers=told)
