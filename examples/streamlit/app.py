"""A dashboard behind Caddy and Keydesk: shows who is signed in, and calls the FastAPI example."""

import os

import httpx
from api_client import AppJwt, get_with_jwt
from auth import JWT_HEADER, NotSignedIn, PageTooOld, SignedInUsers, User
from signing_keys import KeysUnavailable, SigningKeys

import streamlit as st

KEYDESK_URL = os.environ.get("KEYDESK_URL", "http://localhost:3000")
REPORTS_URL = os.environ.get("REPORTS_URL", "http://localhost:8000")
API_KEY = os.environ.get("API_KEY", "")


@st.cache_resource
def client() -> httpx.Client:
    return httpx.Client(timeout=5, follow_redirects=False)


@st.cache_resource
def signed_in_users() -> SignedInUsers:
    issuer = os.environ.get("KEYDESK_ISSUER", KEYDESK_URL)
    return SignedInUsers(issuer, os.environ["APP_ORIGIN"], SigningKeys(KEYDESK_URL))


@st.cache_resource
def app_jwt() -> AppJwt:
    return AppJwt(client(), KEYDESK_URL, API_KEY, audience=os.environ.get("REPORTS_AUDIENCE", "fastapi"))


def require_user() -> User:
    """Ends the script where nobody is known."""
    try:
        return signed_in_users().of_page(st.context.headers, st.session_state)
    except PageTooOld as too_old:
        st.info(str(too_old))
        st.link_button("Load the page again", os.environ["APP_ORIGIN"])
    except NotSignedIn as refused:
        st.error(str(refused))
    except KeysUnavailable:
        st.error("Who you are cannot be checked right now. Try again in a minute.")
    st.stop()


def user_jwt() -> str | None:
    """Of the WebSocket's beginning: newer only where the browser has connected anew since."""
    return st.context.headers.get(JWT_HEADER)


def show(answer: httpx.Response) -> None:
    if answer.status_code == 401:
        st.warning("Refused. If you called in your own name, load the page again: your JWT has ended.")
    st.write(answer.status_code)
    st.json(answer.text)


user = require_user()
st.title("Reports")
with st.sidebar:
    # As text: a name is nothing to be read as Markdown.
    st.text(user.name or user.email or user.id)
    st.text(", ".join([user.role, *user.groups]))
    # A link signs nobody out: any page could hold one. The account page has the button.
    st.link_button("Sign out", f"{KEYDESK_URL}/account")

try:
    if st.button("Call in your name"):
        show(get_with_jwt(client(), f"{REPORTS_URL}/jwt/me", user_jwt() or "", renew=user_jwt))
    if st.button("Call as this app, with its key"):
        show(client().get(f"{REPORTS_URL}/key/reports", headers={"X-API-Key": API_KEY}))
    if st.button("Call as this app, with a JWT"):
        show(app_jwt().get(f"{REPORTS_URL}/jwt/reports"))
except httpx.HTTPError as failed:
    # Its text may hold a URL, never a key.
    st.error(f"The call failed: {type(failed).__name__}")
