"""Who is looking at the page, by the headers that Keydesk put on it. It knows nothing of Streamlit."""

import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jwt
from signing_keys import SigningKeys

JWT_HEADER = "X-Auth-Request-Jwt"
# The headers are those of the WebSocket's beginning, and their JWT ends after minutes. Who was known then is
# known for so long. A page that is open longer has to be loaded again, which asks Keydesk anew.
REMEMBER_SECONDS = 30 * 60
LEEWAY_SECONDS = 5


class NotSignedIn(Exception):
    """Says why, for the person at the page."""


class PageTooOld(NotSignedIn):
    """Loading the page again helps."""


@dataclass(frozen=True)
class User:
    id: str
    email: str
    name: str
    role: str
    groups: tuple[str, ...]


class SignedInUsers:
    """`issuer`: Keydesk's AUTH_BASE_URL. `origin`: this app's, as browsers show it; a JWT is for one app."""

    def __init__(
        self, issuer: str, origin: str, keys: SigningKeys, now: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._origin = origin
        self._keys = keys
        self._now = now

    def of_page(self, headers: Mapping[str, str], state: MutableMapping[Any, Any]) -> User:
        """As `read`, but checked once a WebSocket; `state` is what lives as long as the page."""
        token = headers.get(JWT_HEADER, "")
        known, known_token, until = state.get("keydesk_user", (None, None, 0.0))
        if isinstance(known, User) and known_token == token and self._now() < until:
            return known
        user = self.read(headers)
        state["keydesk_user"] = (user, token, self._now() + REMEMBER_SECONDS)
        return user

    def read(self, headers: Mapping[str, str]) -> User:
        """
        What the headers say, where Keydesk has signed the same.
        Raises NotSignedIn, PageTooOld, and KeysUnavailable where nothing can be judged.
        """
        token = one(headers, JWT_HEADER)
        said = user_of_headers(headers)
        if not token or not said.id:
            raise NotSignedIn("Open this app at its own address: the proxy there says who you are.")
        # Whoever reaches the port past the proxy can send headers, but cannot sign them.
        if said != user_of_claims(self._claims(token)):
            raise NotSignedIn("What the headers say of you is not what Keydesk has signed.")
        return said

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            signing = self._keys.find(kid) if isinstance(kid, str) else None
            if signing is None:
                raise NotSignedIn("Keydesk has no key that has signed this.")
            return jwt.decode(
                token,
                signing.key,
                algorithms=[signing.algorithm],
                issuer=self._issuer,
                audience=self._origin,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise PageTooOld("This page has been open for long. Load it again to go on.") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotSignedIn("What the proxy has sent is not valid here.") from error


def user_of_headers(headers: Mapping[str, str]) -> User:
    groups = one(headers, "X-Auth-Request-Groups")
    return User(
        id=decoded(one(headers, "X-Auth-Request-User")),
        email=decoded(one(headers, "X-Auth-Request-Email")),
        name=decoded(one(headers, "X-Auth-Request-Name")),
        role=decoded(one(headers, "X-Auth-Request-Role")),
        groups=tuple(decoded(group) for group in groups.split(",")) if groups else (),
    )


def user_of_claims(claims: Mapping[str, Any]) -> User:
    """The first of `roles` is the role, the rest are the groups again."""
    return User(
        id=claims["sub"],
        email=claims.get("email", ""),
        name=claims.get("name", ""),
        role=claims.get("roles", [""])[0],
        groups=tuple(claims.get("groups", ())),
    )


def one(headers: Mapping[str, str], name: str) -> str:
    """Streamlit's headers have get_all, which tells a header that came twice."""
    get_all = getattr(headers, "get_all", None)
    values = get_all(name) if get_all else [headers.get(name, "")]
    return values[0] if len(values) == 1 else ""


def decoded(value: str) -> str:
    """Keydesk percent-encodes what is not ASCII. Empty for what it would not have sent."""
    try:
        return unquote(value, errors="strict")
    except ValueError:
        return ""
