"""Calls another service with a JWT, which goes old within minutes."""

import threading
from collections.abc import Callable

import httpx


def get_with_jwt(
    client: httpx.Client, url: str, token: str, renew: Callable[[], str | None]
) -> httpx.Response:
    """A 401 may say that the JWT is too old: then it is renewed, once. None is no new one, nor the same."""
    answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 401:
        return answer
    fresh = renew()
    if fresh is None or fresh == token:
        return answer
    return client.get(url, headers={"Authorization": f"Bearer {fresh}"})


class AppJwt:
    """The JWT of this app itself, which Keydesk makes of its key at POST /v1/token. One for all pages."""

    def __init__(self, client: httpx.Client, keydesk_url: str, key: str, audience: str) -> None:
        self._client = client
        self._url = f"{keydesk_url.rstrip('/')}/v1/token"
        self._key = key
        self._form = {"grant_type": "client_credentials", "audience": audience}
        self._token: str | None = None
        self._lock = threading.Lock()

    def current(self) -> str:
        """Raises httpx.HTTPError where Keydesk refuses the key or cannot be asked."""
        with self._lock:
            if self._token is None:
                self._token = self._fetch()
            return self._token

    def renew_after(self, refused: str) -> str:
        """A new one, unless another page has renewed the refused one in the meantime."""
        with self._lock:
            if self._token is None or self._token == refused:
                self._token = self._fetch()
            return self._token

    def get(self, url: str) -> httpx.Response:
        token = self.current()
        return get_with_jwt(self._client, url, token, renew=lambda: self.renew_after(token))

    def _fetch(self) -> str:
        answer = self._client.post(self._url, data=self._form, headers={"X-API-Key": self._key})
        answer.raise_for_status()
        return str(answer.json()["access_token"])
