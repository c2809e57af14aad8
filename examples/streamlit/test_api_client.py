"""A call whose JWT went old: python3 -m unittest"""

import unittest

import httpx
from api_client import AppJwt, get_with_jwt

URL = "https://reports.acme.test/jwt/me"


class ACallWithAJwt(unittest.TestCase):
    def setUp(self) -> None:
        self.accepted = {"Bearer good"}
        self.shown: list[str] = []
        self.tokens = iter(["first", "second", "third"])
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/token":
            if request.headers.get("X-API-Key") != "kd_key":
                return httpx.Response(401, json={"error": "invalid_client"})
            self.assertEqual(request.read(), b"grant_type=client_credentials&audience=fastapi")
            return httpx.Response(200, json={"access_token": next(self.tokens), "expires_in": 300})
        self.shown.append(request.headers["Authorization"])
        return httpx.Response(200 if self.shown[-1] in self.accepted else 401)

    def call(self, token: str, *renewed: str | None) -> int:
        answers = iter(renewed)
        return get_with_jwt(self.client, URL, token, renew=lambda: next(answers)).status_code

    def test_that_is_good_is_made_once(self) -> None:
        self.assertEqual(self.call("good"), 200)
        self.assertEqual(self.shown, ["Bearer good"])

    def test_is_made_again_with_a_new_one_after_a_401(self) -> None:
        self.assertEqual(self.call("old", "good"), 200)
        self.assertEqual(self.shown, ["Bearer old", "Bearer good"])

    def test_is_renewed_once_and_no_more(self) -> None:
        self.assertEqual(self.call("old", "older", "good"), 401)
        self.assertEqual(self.shown, ["Bearer old", "Bearer older"])

    def test_is_not_made_again_where_there_is_no_new_one(self) -> None:
        self.assertEqual(self.call("old", None), 401)
        self.assertEqual(self.call("old", "old"), 401)
        self.assertEqual(self.shown, ["Bearer old", "Bearer old"])

    def test_of_the_app_itself_gets_its_jwt_by_its_key_and_keeps_it(self) -> None:
        app = AppJwt(self.client, "https://keys.acme.test/", "kd_key", "fastapi")
        self.accepted = {"Bearer first"}
        self.assertEqual([app.get(URL).status_code, app.get(URL).status_code], [200, 200])
        self.accepted = {"Bearer second"}
        self.assertEqual(app.get(URL).status_code, 200)
        self.assertEqual(self.shown[2:], ["Bearer first", "Bearer second"])

    def test_of_the_app_itself_takes_what_another_page_has_renewed(self) -> None:
        app = AppJwt(self.client, "https://keys.acme.test", "kd_key", "fastapi")
        old = app.current()
        self.assertEqual([app.renew_after(old), app.renew_after(old)], ["second", "second"])

    def test_with_a_key_that_keydesk_refuses_fails(self) -> None:
        app = AppJwt(self.client, "https://keys.acme.test", "kd_other", "fastapi")
        with self.assertRaises(httpx.HTTPStatusError):
            app.get(URL)


if __name__ == "__main__":
    unittest.main()
