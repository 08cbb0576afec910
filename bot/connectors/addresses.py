"""Which addresses a call may reach: the open internet, and what the operator allows.

An own list, because `ipaddress.is_global` says yes to NAT64, 6to4, site-local, multicast,
IPv4-compatible and more. Source: the IANA special-purpose registries for IPv4 and IPv6 as of
2026, and the addresses at which clouds serve credentials. For IPv6 the rule is turned round:
only 2000::/3 is the internet, all else is refused, named or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple, TypeAlias

from bot.errors import SettingsError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_REASONS: Final = {
    "this host": "0.0.0.0/8 ::/128",
    "loopback": "127.0.0.0/8 ::1/128",
    "private network": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7",
    "shared by a carrier (CGNAT)": "100.64.0.0/10",
    "link-local": "169.254.0.0/16 fe80::/10",
    "cloud metadata": "168.63.129.16/32",
    "protocol assignments": "192.0.0.0/24 2001::/23",
    "documentation": "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20",
    "benchmarks": "198.18.0.0/15 2001:2::/48",
    "multicast": "224.0.0.0/4 ff00::/8",
    "broadcast": "255.255.255.255/32",
    "reserved": "240.0.0.0/4 3ffe::/16",
    "IPv4-compatible": "::/96",
    "IPv4-mapped": "::ffff:0:0/96",
    "IPv4-translated": "::ffff:0:0:0/96",
    "NAT64": "64:ff9b::/96 64:ff9b:1::/48",
    "discarded": "100::/64 100:0:0:1::/64",
    "Teredo": "2001::/32",
    "ORCHID": "2001:10::/28 2001:20::/28",
    "6to4": "192.88.99.0/24 2002::/16",
    "segment routing": "5f00::/16",
    "site-local": "fec0::/10",
}
_REFUSED: Final[tuple[tuple[Network, str], ...]] = tuple(
    sorted(
        ((ip_network(text), reason) for reason, texts in _REASONS.items() for text in texts.split()),
        key=lambda row: -row[0].prefixlen,  # the most exact name wins
    )
)
_INTERNET_6: Final = IPv6Network("2000::/3")


def refusal(address: Address) -> str:
    """Why this address is refused, in two words; empty if it is on the open internet."""
    for network, reason in _REFUSED:
        if address.version == network.version and address in network:
            return reason
    return "reserved" if address.version == 6 and address not in _INTERNET_6 else ""


class _Entry(NamedTuple):
    network: Network
    port: int
    """0 = any."""


class Allowance:
    """The address rules with the operator's exceptions, e.g. `127.0.0.1:8080`,
    `10.1.0.0/16`, `[::1]`. Names are not accepted: what a name points to may change.

    Raises SettingsError for an entry that cannot be read.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._entries = tuple(_entry(text) for text in entries)

    def refuses(self, host: str, port: int) -> str:
        """Why this final address is refused; empty if it may be dialled."""
        try:
            address = ip_address(host)
        except ValueError:
            return "not an address"
        reason = refusal(address)
        return "" if reason and self._allows(address, port) else reason

    def _allows(self, address: Address, port: int) -> bool:
        return any(
            address.version == network.version and address in network and allowed in (0, port)
            for network, allowed in self._entries
        )


def _entry(text: str) -> _Entry:
    where, port = _split(text.strip())
    try:
        network = ip_network(where)
    except ValueError:
        raise _unreadable(text) from None
    if port and (not port.isdecimal() or not 0 < int(port) < 65536):
        raise _unreadable(text)
    return _Entry(network, int(port or 0))


def _unreadable(text: str) -> SettingsError:
    return SettingsError(
        f"`{text}` is not an address that connectors may be allowed to reach: write an address or "
        "a network, with or without a port, e.g. 127.0.0.1, 10.1.0.0/16, [::1]:8080; names are not accepted"
    )


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        inside, closed, rest = text[1:].partition("]")
        return (inside, rest[1:]) if closed and rest[:1] in ("", ":") else (text, "")
    if text.count(":") == 1:
        where, _, port = text.partition(":")
        return where, port or "-"
    return text, ""
