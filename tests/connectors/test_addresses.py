"""The list itself. Each class of address, at the edges of its network."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from bot.connectors.addresses import Allowance, refusal
from bot.errors import SettingsError

REFUSED = """
0.0.0.0 this host
0.255.255.255 this host
10.0.0.0 private network
10.255.255.255 private network
100.64.0.0 shared by a carrier (CGNAT)
100.100.100.200 shared by a carrier (CGNAT)
100.127.255.255 shared by a carrier (CGNAT)
127.0.0.1 loopback
127.255.255.255 loopback
168.63.129.16 cloud metadata
169.254.0.0 link-local
169.254.169.254 link-local
169.254.255.255 link-local
172.16.0.0 private network
172.31.255.255 private network
192.0.0.0 protocol assignments
192.0.0.8 protocol assignments
192.0.0.170 protocol assignments
192.0.0.192 protocol assignments
192.0.2.1 documentation
192.88.99.1 6to4
192.168.0.0 private network
192.168.255.255 private network
198.18.0.0 benchmarks
198.19.255.255 benchmarks
198.51.100.1 documentation
203.0.113.255 documentation
224.0.0.1 multicast
239.255.255.255 multicast
240.0.0.1 reserved
255.255.255.254 reserved
255.255.255.255 broadcast
:: this host
::1 loopback
::2 IPv4-compatible
::7f00:1 IPv4-compatible
::808:808 IPv4-compatible
::ffff:127.0.0.1 IPv4-mapped
::ffff:8.8.8.8 IPv4-mapped
::ffff:0:127.0.0.1 IPv4-translated
64:ff9b::7f00:1 NAT64
64:ff9b::808:808 NAT64
64:ff9b:1::a00:1 NAT64
64:ff9c:: reserved
100::1 discarded
100:0:0:1::1 discarded
200::1 reserved
1fff:ffff:: reserved
2001::1 Teredo
2001:0:4136:e378:8000:63bf:3fff:fdd2 Teredo
2001:1::1 protocol assignments
2001:2::1 benchmarks
2001:10::1 ORCHID
2001:20::1 ORCHID
2001:1ff:ffff:: protocol assignments
2001:db8::1 documentation
2002:7f00:1:: 6to4
2002:808:808::1 6to4
3ffe::1 reserved
3fff::1 documentation
3fff:fff:ffff:: documentation
4000:: reserved
5f00::1 segment routing
fc00::1 private network
fd00:ec2::254 private network
fe80::1 link-local
fe80::1%eth0 link-local
febf:ffff:: link-local
fec0::1 site-local
feff:ffff:: site-local
ff02::1 multicast
ff0e::1 multicast
"""
OPEN = """
1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
168.63.129.15 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.88.98.255 192.167.255.255
192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255 223.255.255.255
2000:: 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111 3fff:1000::1 3ffd:ffff::
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines())
def test_an_inner_address_is_refused_by_its_name(line: str) -> None:
    address, _, reason = line.partition(" ")
    assert refusal(ip_address(address)) == reason


@pytest.mark.parametrize("address", OPEN.split())
def test_the_open_internet_is_open(address: str) -> None:
    assert refusal(ip_address(address)) == ""


def test_there_are_as_many_vectors_as_the_list_was_made_from() -> None:
    assert len(REFUSED.strip().splitlines()) >= 54


@pytest.mark.parametrize(
    ("entry", "allowed", "refused"),
    [
        ("127.0.0.1", ("127.0.0.1", 80), ("127.0.0.2", 80)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080), ("127.0.0.1", 8081)),
        ("10.1.0.0/16", ("10.1.255.255", 1), ("10.2.0.0", 1)),
        (" 10.1.0.0/16:443 ", ("10.1.0.0", 443), ("10.1.0.0", 80)),
        ("::1", ("::1", 80), ("::2", 80)),
        ("[::1]", ("::1", 80), ("127.0.0.1", 80)),
        ("[::1]:8080", ("::1", 8080), ("::1", 80)),
        ("fd00::/8", ("fd12::1", 80), ("fc12::1", 80)),
        ("[fd00::/8]:443", ("fd12::1", 443), ("fd12::1", 80)),
        ("0.0.0.0/0", ("127.0.0.1", 80), ("::ffff:127.0.0.1", 80)),
    ],
)
def test_the_operator_allows_exactly_what_is_written(
    entry: str, allowed: tuple[str, int], refused: tuple[str, int]
) -> None:
    rules = Allowance([entry])
    assert rules.refuses(*allowed) == ""
    assert rules.refuses(*refused)


@pytest.mark.parametrize(
    "entry",
    [
        "", "localhost", "directory.example:443", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:",
        "127.0.0.1:²", "10.1.2.3/16", "127.1", "[::1", "[::1]8080", "::1/129", "http://127.0.0.1", "*",
    ],
)  # fmt: skip
def test_an_entry_that_is_none_is_said_to_be_none(entry: str) -> None:
    with pytest.raises(SettingsError, match="names are not accepted"):
        Allowance([entry])


def test_what_is_no_address_is_refused() -> None:
    assert Allowance(["0.0.0.0/0", "::/0"]).refuses("localhost", 80) == "not an address"
