"""A JWT of Keydesk in Authorization: Bearer, checked by its public keys: Keydesk is not called for it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import jwt
from caller import Caller
from fastapi.security import HTTPBearer
from signing_keys import KeysUnavailable, SigningKeys
from starlette.requests import Request

from fastapi import HTTPException, Security

CHARACTERS_MAX = 8192
# Clocks of two machines never agree to the second.
LEEWAY_SECONDS = 5
_shown_in_docs = HTTPBearer(auto_error=False)


class KeydeskJwt:
    """`issuer`: Keydesk's AUTH_BASE_URL. `audiences`: whom a JWT may be for, at least one."""

    def __init__(self, issuer: str, audiences: Sequence[str], keys: SigningKeys) -> None:
        if not audiences:
            raise ValueError("Name at least one audience.")
        self._issuer = issuer
        self._audiences = list(audiences)
        self._keys = keys

    def require(
        self, scopes: Sequence[str] = (), roles: Sequence[str] = ()
    ) -> Callable[..., Awaitable[Caller]]:
        """A dependency that wants each of these scopes, and one of these roles (a group is a role too)."""

        async def caller_by_jwt(request: Request, _: Any = Security(_shown_in_docs)) -> Caller:
            caller = caller_of(await self._claims(bearer_of(request)))
            if not set(scopes) <= set(caller.scopes):
                challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
                raise HTTPException(403, "The JWT lacks a scope.", {"WWW-Authenticate": challenge})
            if roles and not set(roles) & set(caller.roles):
                raise HTTPException(403, f"This wants one of the roles {', '.join(roles)}.")
            return caller

        return caller_by_jwt

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            signing = await self._keys.find(kid) if isinstance(kid, str) else None
            if signing is None:
                raise invalid_token("Keydesk has no such key.")
            return jwt.decode(
                token,
                signing.key,
                algorithms=[signing.algorithm],
                issuer=self._issuer,
                audience=self._audiences,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "sub", "iat", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise invalid_token("The JWT has expired.") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise invalid_token("The JWT is not valid here.") from error
        except KeysUnavailable as error:
            raise HTTPException(503, "Keydesk's signing keys cannot be had right now.") from error


def bearer_of(request: Request) -> str:
    shown = request.headers.getlist("authorization")
    if not shown:
        raise HTTPException(401, "Send a JWT of Keydesk.", {"WWW-Authenticate": "Bearer"})
    scheme, _, token = shown[0].partition(" ")
    if len(shown) > 1 or scheme.lower() != "bearer" or len(token) > CHARACTERS_MAX:
        raise invalid_token("Send one JWT of Keydesk.")
    return token.strip()


def caller_of(claims: dict[str, Any]) -> Caller:
    return Caller(
        user_id=claims["sub"],
        method="jwt",
        email=claims.get("email"),
        name=claims.get("name"),
        roles=tuple(claims.get("roles", ())),
        scopes=tuple(claims.get("scope", "").split()),
    )


def invalid_token(message: str) -> HTTPException:
    return HTTPException(401, message, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
