"""Who is really calling, when a reverse proxy stands in front.

`X-Forwarded-For` and `-Proto` are what anybody may write; they count only as far as the
listed proxies vouch for them (OWASP ASVS 4.1.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

from bot.errors import SettingsError


class Proxies:
    """The listed proxies, as networks (`10.0.0.0/8`) or single addresses."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Raises SettingsError for what is no network."""
        try:
            self._networks = [ip_network(network) for network in networks]
        except ValueError as exc:
            raise SettingsError(f"trusted proxies: {exc}") from None

    def address(self, request: web.Request) -> str:
        """The nearest address that is not a listed proxy; empty for a Unix socket.

        Walked from the right: the last entry was written by our own proxy, those before it
        by whoever the entry behind vouches for.
        """
        address = request.remote or ""
        if not self._listed(address):
            return address
        hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        for hop in reversed([h.strip() for h in hops]):
            if _parse(hop) is None:
                return address
            address = hop
            if not self._listed(hop):
                return address
        return address

    def scheme(self, request: web.Request) -> str:
        """`https` or `http`, as the browser sees it."""
        forwarded = request.headers.get("X-Forwarded-Proto", "").lower()
        if forwarded in ("http", "https") and self._listed(request.remote or ""):
            return forwarded
        return request.scheme

    def _listed(self, address: str) -> bool:
        parsed = _parse(address) if self._networks else None
        return parsed is not None and any(parsed in network for network in self._networks)


def household(address: str) -> str:
    """What a limit per address counts: an IPv6 customer has a whole /64."""
    parsed = _parse(address)
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
