"""python3 -m unittest"""

import asyncio
import json
import unittest
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from signing_keys import ASK_TWICE_IN, REFRESH_AFTER, TRUST_FOR, KeysUnavailable, SigningKeys, read_keys


def public_jwk(kid: str) -> dict[str, Any]:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    point = {"x": number(numbers.x), "y": number(numbers.y)}
    return {"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig", **point}


def number(value: int) -> str:
    return jwt.utils.base64url_encode(value.to_bytes(32, "big")).decode()


class TheSigningKeys(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        self.fetched = 0
        self.published = [public_jwk("one")]
        self.is_down = False
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        self.keys = SigningKeys("https://keys.acme.test/", client=client, now=lambda: self.now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.fetched += 1
        self.assertEqual(str(request.url), "https://keys.acme.test/.well-known/jwks.json")
        if self.is_down:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(200, text=json.dumps({"keys": self.published}))

    async def test_are_fetched_once_and_again_after_five_minutes(self) -> None:
        for _ in range(3):
            self.assertIsNotNone(await self.keys.find("one"))
        self.assertEqual(self.fetched, 1)
        self.now += REFRESH_AFTER + 1
        self.published = [public_jwk("two")]
        self.assertIsNone(await self.keys.find("one"), "a key that is published no more counts no more")
        self.assertEqual(self.fetched, 2)

    async def test_a_new_key_is_found_when_a_jwt_names_it(self) -> None:
        await self.keys.find("one")
        self.published.append(public_jwk("two"))
        self.assertIsNotNone(await self.keys.find("two"))

    async def test_unknown_names_make_two_requests_in_ten_seconds(self) -> None:
        for i in range(100):
            self.assertIsNone(await self.keys.find(f"forged-{i}"))
        self.assertEqual(self.fetched, 2)
        self.now += ASK_TWICE_IN
        self.published.append(public_jwk("two"))
        self.assertIsNotNone(await self.keys.find("two"))

    async def test_callers_at_once_share_a_request(self) -> None:
        await asyncio.gather(*(self.keys.find("one") for _ in range(20)))
        self.assertEqual(self.fetched, 1)

    async def test_with_keydesk_away_known_keys_count_for_a_quarter_of_an_hour(self) -> None:
        await self.keys.find("one")
        self.is_down = True
        self.now += TRUST_FOR
        self.assertIsNotNone(await self.keys.find("one"))
        with self.assertRaises(KeysUnavailable):
            await self.keys.find("unknown")
        self.now += 1
        with self.assertRaises(KeysUnavailable):
            await self.keys.find("one")
        self.is_down = False
        self.now += ASK_TWICE_IN
        self.assertIsNotNone(await self.keys.find("one"))

    async def test_a_keydesk_that_is_away_is_asked_twice_in_ten_seconds(self) -> None:
        self.is_down = True
        for _ in range(100):
            with self.assertRaises(KeysUnavailable):
                await self.keys.find("one")
        self.assertEqual(self.fetched, 2)

    def test_of_other_kinds_are_left_out(self) -> None:
        secret = {"kty": "oct", "kid": "hs", "k": "c2VjcmV0"}
        other_use = {**public_jwk("es384"), "alg": "ES384"}
        self.assertEqual(list(read_keys({"keys": [secret, other_use, public_jwk("one")]})), ["one"])


if __name__ == "__main__":
    unittest.main()
