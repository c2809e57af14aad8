"""Who the page is told to be looking: python3 -m unittest"""

import json
import time
import unittest
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import jwt
from auth import REMEMBER_SECONDS, NotSignedIn, PageTooOld, SignedInUsers, User
from cryptography.hazmat.primitives.asymmetric import ec
from signing_keys import KeysUnavailable, SigningKeys

ISSUER = "https://keys.acme.test"
ORIGIN = "https://dashboard.acme.test"
KEY = ec.generate_private_key(ec.SECP256R1())


def public_jwk() -> dict[str, Any]:
    point = KEY.public_key().public_numbers()
    x, y = (jwt.utils.base64url_encode(part.to_bytes(32, "big")).decode() for part in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "use": "sig", "x": x, "y": y}


def token(key: Any = KEY, algorithm: str = "ES256", **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": ORIGIN,
        "sub": "u_1",
        "email": "zoe@acme.test",
        "name": "Zoë, 50%",
        "roles": ["user", "finance", "a,b"],
        "groups": ["finance", "a,b"],
        "scope": "",
        "iat": now,
        "exp": now + 300,
        **changed,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": "one"})


class Headers(Mapping[str, str]):
    """As those of Streamlit: names count in any case, and get_all tells what came twice."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self._lines = [(name.lower(), value) for name, value in lines]

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self._lines if key == name.lower()]

    def __getitem__(self, name: str) -> str:
        for value in self.get_all(name):
            return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({key for key, _ in self._lines})

    def __len__(self) -> int:
        return len({key for key, _ in self._lines})


def headers(signed: str | None = None, **changed: str) -> dict[str, str]:
    said = {
        "X-Auth-Request-User": "u_1",
        "X-Auth-Request-Email": "zoe@acme.test",
        "X-Auth-Request-Name": "Zo%C3%AB, 50%25",
        "X-Auth-Request-Role": "user",
        "X-Auth-Request-Groups": "finance,a%2Cb",
        "X-Auth-Request-Jwt": token() if signed is None else signed,
    }
    return {**said, **{f"X-Auth-Request-{name}": value for name, value in changed.items()}}


class TheUserOfAPage(unittest.TestCase):
    def setUp(self) -> None:
        self.now = time.time()
        self.is_down = False
        client = httpx.Client(transport=httpx.MockTransport(self.answer))
        self.users = SignedInUsers(ISSUER, ORIGIN, SigningKeys(ISSUER, client), now=lambda: self.now)

    def answer(self, _: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, text=json.dumps({"keys": [public_jwk()]}))

    def test_is_read_with_percent_encoding_taken_off(self) -> None:
        user = User("u_1", "zoe@acme.test", "Zoë, 50%", "user", ("finance", "a,b"))
        self.assertEqual(self.users.read(headers()), user)
        lines = [(name.lower(), value) for name, value in headers().items()]
        self.assertEqual(self.users.read(Headers(*lines)), user)

    def test_may_have_neither_name_nor_email_nor_groups(self) -> None:
        signed = token(sub="s_1", email=None, name=None, roles=["service"], groups=[])
        said = headers(signed, User="s_1", Email="", Name="", Role="service", Groups="")
        self.assertEqual(self.users.read(said), User("s_1", "", "", "service", ()))

    def test_is_nobody_without_headers_or_with_one_of_them_alone(self) -> None:
        alone = [{name: value} for name, value in headers().items()]
        for said in [{}, *alone, headers(""), headers(User="")]:
            with self.assertRaises(NotSignedIn):
                self.users.read(said)

    def test_is_nobody_where_a_header_came_twice(self) -> None:
        for name in ("X-Auth-Request-Jwt", "X-Auth-Request-User"):
            with self.assertRaises(NotSignedIn):
                self.users.read(Headers(*headers().items(), (name, headers()[name])))

    def test_is_nobody_where_the_headers_say_more_than_was_signed(self) -> None:
        for changed in (
            {"User": "u_2"},
            {"Role": "admin"},
            {"Groups": "finance,a%2Cb,admins"},
            {"Name": "%FF"},
        ):
            with self.assertRaises(NotSignedIn):
                self.users.read(headers(**changed))

    def test_is_nobody_by_a_jwt_that_is_not_for_this_app_or_not_of_keydesk(self) -> None:
        other = ec.generate_private_key(ec.SECP256R1())
        wrong = [
            token(aud="https://other.acme.test"),
            token(aud=None),
            token(iss="https://elsewhere.test"),
            token(exp=None),
            token(key=other),
            token(key="a shared secret of thirty-two characters", algorithm="HS256"),
            token(key="", algorithm="none"),
            token()[:-1],
            "a.b.c",
            "Grün",
        ]
        for signed in wrong:
            with self.assertRaises(NotSignedIn):
                self.users.read(headers(signed))

    def test_with_an_old_jwt_has_to_load_the_page_again(self) -> None:
        with self.assertRaises(PageTooOld):
            self.users.read(headers(token(iat=int(self.now) - 400, exp=int(self.now) - 100)))

    def test_is_not_judged_where_no_key_can_be_had(self) -> None:
        self.is_down = True
        with self.assertRaises(KeysUnavailable):
            self.users.read(headers())

    def test_is_remembered_while_the_websocket_is_the_same(self) -> None:
        state: dict[Any, Any] = {}
        said = headers()
        user = self.users.of_page(said, state)
        self.assertIs(self.users.of_page(said, state), user, "it was not read again")
        self.assertIsNot(self.users.of_page(headers(token(jti="another")), state), user)

    def test_is_forgotten_with_the_headers(self) -> None:
        state: dict[Any, Any] = {}
        self.users.of_page(headers(), state)
        with self.assertRaises(NotSignedIn):
            self.users.of_page({}, state)
        with self.assertRaises(NotSignedIn):
            self.users.of_page(headers(User="u_2", Jwt=token(aud="other")), state)

    def test_is_read_again_after_half_an_hour(self) -> None:
        state: dict[Any, Any] = {}
        said = headers()
        user = self.users.of_page(said, state)
        self.now += REMEMBER_SECONDS - 1
        self.assertIs(self.users.of_page(said, state), user)
        self.now += 1
        self.assertIsNot(self.users.of_page(said, state), user)


if __name__ == "__main__":
    unittest.main()
