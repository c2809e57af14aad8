"""A service whose callers are known in three ways. Each route takes the one that its path names."""

import os

from api_key import KeydeskKey
from caller import Caller
from jwt_bearer import KeydeskJwt
from peers import Peers
from signing_keys import SigningKeys
from trusted_proxy import TrustedProxy

from fastapi import Depends, FastAPI


def list_of(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


url = os.environ.get("KEYDESK_URL", "http://localhost:3000")
# AUTH_BASE_URL of Keydesk, where that is not the address at which this service calls it.
issuer = os.environ.get("KEYDESK_ISSUER", url)
peers = Peers(list_of("PROXIES", "127.0.0.1/32,::1/128"))

by_key = KeydeskKey(url, peers)
by_jwt = KeydeskJwt(issuer, list_of("AUDIENCES", "fastapi"), SigningKeys(url))
by_proxy = TrustedProxy(
    peers,
    header=os.environ.get("USER_HEADER", "X-Auth-Request-User"),
    require_https=os.environ.get("REQUIRE_HTTPS", "true").lower() != "false",
)

app = FastAPI(title="Reports")


@app.get("/key/reports")
async def reports_by_key(caller: Caller = Depends(by_key.require(scopes=["reports:read"]))) -> Caller:
    return caller


@app.get("/jwt/me")
async def me_by_jwt(caller: Caller = Depends(by_jwt.require())) -> Caller:
    return caller


@app.get("/jwt/reports")
async def reports_by_jwt(caller: Caller = Depends(by_jwt.require(scopes=["reports:read"]))) -> Caller:
    return caller


@app.get("/jwt/admin")
async def admin_by_jwt(caller: Caller = Depends(by_jwt.require(roles=["admin"]))) -> Caller:
    return caller


@app.get("/proxy/me")
async def me_by_proxy(caller: Caller = Depends(by_proxy)) -> Caller:
    return caller
