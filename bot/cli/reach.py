"""`cuebook doctor` on connectors: are their variables set, can their addresses be dialled?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from bot.app import allowed
from bot.cli.opening import Opened, lacking
from bot.connectors.addresses import Allowance
from bot.connectors.building import base, filled, place
from bot.connectors.secrets import Secrets
from bot.errors import CallFailed, SettingsError
from flows.connector import Connector
from flows.request_parts import settings as settings_in

CONNECT: Final = 2.0  # seconds

State = Literal["ok", "warning", "problem"]


class Check(msgspec.Struct, frozen=True):
    """One line. `fix` says what to do; empty where all is well."""

    name: str
    state: State
    text: str
    fix: str = ""


async def connector_checks(opened: Opened) -> list[Check]:
    """Is every variable set that a connector needs, and can its address be dialled?"""
    project, settings, secrets, _ = opened
    try:
        allowance = Allowance([*settings.allow, *allowed(project.settings)])
    except SettingsError as error:
        return [Check("connectors", "problem", str(error), "correct `allow`")]
    lacks = lacking(project, secrets)
    dev = " (`cuebook demo` sets what the services of cuebook.toml give)" if "dev" in project.settings else ""
    found = [
        Check(
            f"connector {lack.connector}",
            "problem",
            f"the {'secret' if lack.secret else 'variable'} {lack.variable} is not set",
            f"set it{dev}",
        )
        for lack in lacks
    ]
    nowhere = {lack.connector for lack in lacks if not lack.secret}
    dialled = [
        _reach(loaded.document, secrets, allowance)
        for id, loaded in project.connectors.items()
        if id not in nowhere
    ]
    return [*found, *await asyncio.gather(*dialled)]


async def _reach(connector: Connector, secrets: Secrets, allowance: Allowance) -> Check:
    """Can its address be dialled? Nothing is sent."""
    name = f"connector {connector.id}"
    values = {
        f"{root}.{variable}": secrets.look(variable) or default
        for root, variable, default in settings_in(connector.base_url, "env")
    }
    try:
        url = base(connector, filled(connector.base_url, values))
    except CallFailed as error:
        return Check(name, "problem", str(error), "correct the variable or `base_url`")
    host, port, where = url.host or "", url.port or 0, place(url)
    try:
        async with asyncio.timeout(CONNECT):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return await _dial(name, where, [str(entry[4][0]) for entry in found], port, allowance)
    except socket.gaierror:
        return Check(
            name, "problem", f"the name {host} cannot be found", "correct the address, or the name service"
        )
    except TimeoutError:
        return Check(
            name,
            "problem",
            f"{where} does not answer within {CONNECT:g} s",
            "is it up, is a firewall between?",
        )
    except OSError as error:
        return Check(name, "problem", f"{where} cannot be reached: {error.strerror or error}", "is it up?")


async def _dial(name: str, where: str, addresses: Iterable[str], port: int, allowance: Allowance) -> Check:
    reasons: list[str] = []
    for address in addresses:
        reason = allowance.refuses(address, port)
        if reason:
            reasons.append(f"{address}: {reason}")
            continue
        _, writer = await asyncio.open_connection(address, port)
        writer.close()
        return Check(name, "ok", f"{where} can be reached")
    text = f"{where} is refused by the address rules ({', '.join(reasons)})"
    return Check(
        name, "problem", text, "if that is right for you, add the address to `allow` under [connectors]"
    )
