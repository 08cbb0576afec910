"""The address rules where they bite: at the socket, with a canary that must hear nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.connectors.conftest import (
    Build,
    Names,
    Outside,
    failed,
    short,
)


class AsLibc(Names):
    """What the C library makes of odd numbers, and of `localhost`, without asking anybody."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        name = host.rstrip(".")
        local = (
            ["127.0.0.1", "::1"]
            if name.lower() == "localhost"
            else [socket.inet_ntoa(socket.inet_aton(name))]
        )
        self.table = {host: local}
        return await super().resolve(host, port, family)


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1",
    "127.0.0.1.", "127.8.8.8", "①②⑦.⓪.⓪.①", "127。0。0。1", "127\uff0e0\uff0e0\uff0e1", "127｡0｡0｡1", "localhost",
    "localhost.", "LOCALHOST", "ⓛocalhost", "0.0.0.0", "0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[::ffff:0:127.0.0.1]", "127.0.0.1%00.example", "127.0.0.1%2eexample", "[::1%25lo]", "[::1%lo]",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_an_inner_address_is_dialled(build: Build, outside: Outside, host: str) -> None:
    """Safety, fact 7: the canary hears nothing at all."""
    answered = await build(f"http://{host}:{outside.port}", allow=(), resolver=AsLibc({})).call("once")
    assert not answered.ok
    assert outside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "①②⑦.⓪.⓪.①", "localhost"])
async def test_with_leave_the_same_spellings_arrive(build: Build, outside: Outside, host: str) -> None:
    """So that the test above is not green because they are simply wrong."""
    assert (await build(f"http://{host}:{outside.port}", resolver=AsLibc({})).call("once")).ok


async def test_a_refused_address_is_named_as_such(build: Build, outside: Outside) -> None:
    house = build(outside.address, allow=())
    with capture_logs() as logs:
        assert short(await house.call("once")) == failed(
            "the address of 127.0.0.1 is refused by the address rules (loopback)"
        )
    assert logs[0] == {
        "event": "address_refused", "log_level": "warning", "address": "127.0.0.1", "port": outside.port,
        "reason": "loopback",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("addresses", "error"),
    [
        (["127.0.0.1"], "the address of rebind.example is refused by the address rules (loopback)"),
        (["127.0.0.1", "::1"], "the address of rebind.example is refused by the address rules (loopback)"),
        (
            ["127.0.0.1", "10.0.0.1"],
            "the address of rebind.example is refused by the address rules (private network)",
        ),
        (
            ["127.0.0.2", "127.0.0.1"],
            "the address of rebind.example is refused by the address rules (loopback)",
        ),
        (["127.0.0.1", "127.0.0.2"], "could not connect to rebind.example:{port}"),
    ],
)
async def test_a_name_is_judged_by_what_is_dialled(
    build: Build, outside: Outside, addresses: list[str], error: str
) -> None:
    """Rebinding and mixed answers; 127.0.0.2 is allowed, and nobody listens there."""
    house = build(
        f"http://rebind.example:{outside.port}",
        allow=("127.0.0.2",),
        resolver=Names({"rebind.example": addresses}),
    )
    assert short(await house.call("once")) == failed(error.format(port=outside.port))
    assert outside.connections == 0


async def test_an_allowed_port_is_that_port_only(build: Build, outside: Outside) -> None:
    assert (await build(outside.address, allow=(f"127.0.0.1:{outside.port}",)).call("once")).ok
    assert not (await build(outside.address, allow=("127.0.0.1:1",)).call("once")).ok
    assert outside.connections == 1
