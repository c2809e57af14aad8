"""Keydesk's public keys: /.well-known/jwks.json, fetched when first needed and remembered."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

REFRESH_AFTER = 300.0
# With Keydesk away, keys count so long; its JWTs live five minutes.
TRUST_FOR = 900.0
# However many JWTs name keys that nobody knows, Keydesk is asked no more than twice in so long. Not once:
# a key that is made right after the first time signs at once, too.
ASK_TWICE_IN = 10.0
FAILURES = (httpx.HTTPError, asyncio.TimeoutError, jwt.PyJWTError, ValueError, KeyError, TypeError)
log = logging.getLogger("keydesk")


class KeysUnavailable(Exception):
    """No key can be had: nothing can be judged, so nothing passes."""


@dataclass(frozen=True)
class SigningKey:
    key: Any
    # Of the key, never of the JWT: a JWT that names another algorithm is refused.
    algorithm: str


class SigningKeys:
    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient | None = None,
        seconds: float = 3,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{url.rstrip('/')}/.well-known/jwks.json"
        self._client = client or httpx.AsyncClient(timeout=seconds, follow_redirects=False)
        self._seconds = seconds
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at = float("-inf")
        self._asked_at = deque([float("-inf")] * 2, maxlen=2)
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> SigningKey | None:
        """None where Keydesk has no such key. KeysUnavailable is raised where it cannot be asked."""
        if not self._has(kid):
            async with self._lock:
                # Whoever came before may have fetched it.
                if not self._has(kid) and self._now() - self._asked_at[0] >= ASK_TWICE_IN:
                    await self._fetch()
        missed = self._fetched_at < self._asked_at[-1]
        if self._now() - self._fetched_at > TRUST_FOR or (missed and kid not in self._keys):
            raise KeysUnavailable
        return self._keys.get(kid)

    def _has(self, kid: str) -> bool:
        return kid in self._keys and self._now() - self._fetched_at <= REFRESH_AFTER

    async def _fetch(self) -> None:
        self._asked_at.append(self._now())
        try:
            answer = await asyncio.wait_for(self._client.get(self._url), self._seconds)
            answer.raise_for_status()
            self._keys = read_keys(answer.json())
            self._fetched_at = self._asked_at[-1]
        except FAILURES as error:
            log.warning("Keydesk's signing keys cannot be fetched: %r", error)


def read_keys(document: Any) -> dict[str, SigningKey]:
    """The keys for ES256 and RS256 by their kid. Others are none of ours."""
    found: dict[str, SigningKey] = {}
    for jwk in document["keys"]:
        kind = (jwk.get("kty"), jwk.get("crv"))
        algorithm = {("EC", "P-256"): "ES256", ("RSA", None): "RS256"}.get(kind)
        if algorithm is not None and jwk.get("alg", algorithm) == algorithm:
            found[jwk["kid"]] = SigningKey(jwt.PyJWK(jwk, algorithm).key, algorithm)
    return found
