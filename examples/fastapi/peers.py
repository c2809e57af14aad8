"""The addresses from which our own proxies connect, and what they say of the client."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request


class Peers:
    """Wants uvicorn's --no-proxy-headers: without it, what X-Forwarded-For says takes the peer's place."""

    def __init__(self, ranges: Iterable[str]) -> None:
        self._ranges = [ip_network(text) for text in ranges]

    def is_proxy(self, request: Request) -> bool:
        # Port 0 is what uvicorn leaves where it has replaced the peer. Then nobody is known to be a proxy.
        if request.client is None or request.client.port == 0:
            return False
        try:
            address = ip_address(request.client.host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in allowed for allowed in self._ranges)

    def forwarded_for(self, request: Request) -> str | None:
        """The X-Forwarded-For to send on: what came from a proxy of ours, and the peer itself."""
        if request.client is None:
            return None
        told = request.headers.getlist("x-forwarded-for") if self.is_proxy(request) else []
        return ", ".join([*told, request.client.host])
