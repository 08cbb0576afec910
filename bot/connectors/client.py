"""The one outgoing HTTP client (promise 10).

It dials no address that the rules refuse, follows no redirect, keeps no cookie, reads no
proxy from the environment, sends each request at most once, and takes no more than it asked
for. What goes wrong leaves as CallFailed, in words for people.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from errno import EACCES
from typing import Any, Final, TypeAlias

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,  # noqa: TID251  (this is the one)
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from structlog import get_logger
from yarl import URL

from bot.connectors.addresses import Allowance
from bot.connectors.building import Outgoing, place
from bot.connectors.limits import DEFAULT, Limits
from bot.errors import AddressRefused, CallFailed

AddressInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
log = get_logger()
_NOT_KEPT: Final = frozenset(
    ("set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization", "authentication-info")
)

_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True)
class Received:
    """What came back, as it came. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Forbidden(OSError):
    """Raised where a socket would be made. It must be an OSError, or racing address families
    would lose it; and all must read alike, or aiohttp would melt several into one text."""

    def __init__(self, reason: str) -> None:
        super().__init__(EACCES, "refused by the address rules")
        self.reason = reason


def guard(allowance: Allowance) -> Callable[[AddressInfo], socket.socket]:
    """A socket factory that judges the address that is about to be dialled: after names are
    resolved, whatever their spelling, again at every connection."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, proto, _, address = info
        inet = family in (socket.AF_INET, socket.AF_INET6)
        reason = allowance.refuses(str(address[0]), int(address[1])) if inet else "not an address"
        if reason:
            log.warning("address_refused", address=str(address[0]), port=address[1], reason=reason)
            raise _Forbidden(reason)
        return socket.socket(family, kind, proto)

    return make


class Client:
    """Sends requests. Opened with the first one, inside the running loop."""

    def __init__(
        self, allowance: Allowance, limits: Limits = DEFAULT, resolver: AbstractResolver | None = None
    ) -> None:
        self._allowance, self._limits, self._resolver = allowance, limits, resolver
        self._session: ClientSession | None = None
        self._lent: ClientSession | None = None
        self._closed = False

    async def send(self, request: Outgoing) -> Received:
        """The answer, whatever its status. Raises CallFailed, AddressRefused. Bounded by the
        caller's time limit; only connecting has a limit here."""
        try:
            async with self._open().request(
                request.verb,
                request.url,
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                timeout=ClientTimeout(
                    total=None, connect=self._limits.connect, sock_connect=self._limits.connect
                ),
            ) as response:
                return Received(response.status, _headers(response), await self._read(response))
        except (ClientError, ConnectionTimeoutError, InvalidURL) as error:
            raise _in_words(error, request.url, self._limits) from error

    async def close(self) -> None:
        """Let go of everything; later calls fail."""
        self._closed = True
        for session in (self._session, self._lent):
            if session is not None:
                await session.close()

    def session(self, *, total: float = 30.0) -> ClientSession:
        """A session to hand to a platform's own library; the same at each call, closed with us.

        The address rules hold for it, too, and a redirect is an error. Connections are kept, and
        a request ends after `total` seconds: a library's own time limit does not reach a session
        that it is given. It raises aiohttp's own errors. Raises CallFailed once we are closed.
        """
        self._check_open()
        if self._lent is None:
            limits = ClientTimeout(total=total, connect=self._limits.connect)
            self._lent = self._made(_stays, timeout=limits, force_close=False)
        return self._lent

    def _open(self) -> ClientSession:
        self._check_open()
        if self._session is None:
            # Nothing to be cut off by a peer that closes an idle connection just then: such a
            # call would fail, and nobody could say whether it had been done.
            self._session = self._made(self._once, timeout=ClientTimeout(total=None), force_close=True)
        return self._session

    def _check_open(self) -> None:
        if self._closed:
            raise CallFailed("the server is stopping")

    def _made(
        self, middleware: ClientMiddlewareType, *, timeout: ClientTimeout, force_close: bool
    ) -> ClientSession:
        connector = TCPConnector(
            socket_factory=guard(self._allowance),
            resolver=self._resolver,
            limit=0,  # the caller counts
            force_close=force_close,
        )
        return ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            headers={"user-agent": "cuebook"},
            middlewares=(middleware,),
            timeout=timeout,
            trust_env=False,
        )

    async def _once(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        # aiohttp repeats GET, PUT and DELETE by itself when the connection breaks. An error
        # that is not its own gets past that: what was sent once is not sent again.
        try:
            return await handler(request)
        except (ClientError, ConnectionTimeoutError) as error:
            raise _in_words(error, request.url, self._limits) from error

    async def _read(self, response: ClientResponse) -> bytes:
        most = self._limits.answer
        body = bytearray()
        if (response.content_length or 0) <= most:
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > most:
                    break
            else:
                return bytes(body)
        response.close()
        raise CallFailed(f"the answer is larger than {most // 1024} KiB")


async def _stays(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """A platform's interface does not move; a token must not follow where it is sent."""
    response = await handler(request)
    if response.status in _REDIRECTS:
        response.close()
        raise ClientResponseError(
            response.request_info, response.history, status=response.status, message="redirected"
        )
    return response


def _headers(response: ClientResponse) -> dict[str, str]:
    kept: dict[str, str] = {}
    for spelling, value in response.headers.items():
        name = spelling.lower()
        if name not in _NOT_KEPT:
            kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def _in_words(error: Exception, url: URL, limits: Limits) -> CallFailed:
    where = place(url)
    if isinstance(error, ClientConnectorError) and isinstance(error.os_error, _Forbidden):
        return AddressRefused(
            f"the address of {url.host} is refused by the address rules ({error.os_error.reason})"
        )
    for kind, words in (
        (ClientConnectorDNSError, f"the name {url.host} cannot be found"),
        (ClientConnectorCertificateError, f"{where} has no valid certificate"),
        (ClientConnectorSSLError, f"no secure connection to {where}"),
        (ConnectionTimeoutError, f"could not connect to {where} within {limits.connect:g}s"),
        (ClientConnectorError, f"could not connect to {where}"),
        (ClientResponseError, f"{where} did not answer in HTTP"),
        (InvalidURL, f"{where} is not an address that can be called"),
    ):
        if isinstance(error, kind):
            return CallFailed(words)
    return CallFailed(f"{where} broke off in the middle")
