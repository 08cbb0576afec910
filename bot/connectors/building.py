"""From a method and a step's values to one HTTP request. Pure.

Values are data. Each is encoded for the one place it goes to, after the shape of the request
is settled: nothing in a value can add a path part, a parameter, a header, or a JSON key.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from yarl import URL

from bot.connectors.limits import Limits
from bot.errors import CallFailed
from flows.connector import Auth, Connector, Method
from flows.request_parts import Path, Place
from flows.template import Template, Tree, Unresolved
from flows.values import MISSING, Json, Missing, Vars, as_text
from flows.variables import dig

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_IN_A_PATH: Final = "!$&'()*+,;=:@-._~%"  # RFC 3986, pchar; % because the author encoded it


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request, ready to be sent."""

    verb: str
    url: URL
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def place(url: URL) -> str:
    """HOST:PORT, for people."""
    return f"{url.host_subcomponent}:{url.port}"


class _Given:
    """What a method sees: the step's `with:` and nothing else."""

    def __init__(self, values: Vars) -> None:
        self._values = values

    def lookup(self, path: str) -> Json | Missing:
        return self._values[path] if path in self._values else dig(self._values, path.split("."))


def filled(text: Template, values: Vars) -> str:
    """A text of the connector itself; `values` by path, e.g. `env.DIRECTORY_URL`."""
    return text.text(_Given(values), [])


def base(connector: Connector, text: str) -> URL:
    """Where the connector lives. CallFailed if the operator's text is no such address."""
    try:
        url = URL(text.strip())
        whole = (
            url.scheme in ("http", "https")
            and bool(url.port)
            and _HOST.fullmatch(url.raw_host or "") is not None
        )
    except ValueError:
        whole, url = False, URL()
    if (
        not whole
        or url.user is not None
        or url.password is not None
        or url.raw_query_string
        or url.raw_fragment
    ):
        raise CallFailed(
            f"the address of connector `{connector.id}` is not one: it must look like https://host/path"
        )
    return url


def prepare(method: Method, at: URL, values: Vars, limits: Limits) -> Outgoing:
    """The request, credentials aside. Raises Unresolved for a value that the step did not
    give (D10), CallFailed for one that cannot go where it should."""
    given, missing = _Given(values), list[str]()
    try:
        path = _path(method.path, given, missing)
        query = urlencode(_pairs(method.query, given, missing), quote_via=quote, safe="")
        headers = _headers(method.headers, given, missing)
        body, content_type = _body(method, given, missing)
    except UnicodeEncodeError:
        raise CallFailed("a value holds characters that cannot be sent") from None
    if missing:
        raise Unresolved(tuple(dict.fromkeys(missing)))
    if content_type:
        headers.setdefault("content-type", content_type)
    headers.setdefault("accept", "application/json")
    url = URL(f"{at.origin()}{at.raw_path.rstrip('/')}{path}{'?' if query else ''}{query}", encoded=True)
    return _checked(Outgoing(method.verb, url, headers, body), at, limits)


def credentials(auth: Auth, fill: Callable[[Template], str]) -> dict[str, str]:
    """The header that says who we are. `fill` turns its texts into values."""
    if auth.token is not None:
        named = {"authorization": f"Bearer {fill(auth.token)}"}
    elif auth.username is not None and auth.password is not None:
        pair = f"{fill(auth.username)}:{fill(auth.password)}"
        named = {"authorization": "Basic " + b64encode(pair.encode()).decode()}
    elif auth.header is not None and auth.value is not None:
        named = {auth.header.lower(): fill(auth.value)}
    else:
        named = {}
    for name, value in named.items():
        _header(name, value)
    return named


def _checked(request: Outgoing, at: URL, limits: Limits) -> Outgoing:
    if request.url.origin() != at.origin():  # cannot happen; a secret would leave if it did
        raise CallFailed("a value must not change where a call goes")
    if len(str(request.url)) > limits.url:
        raise CallFailed(f"the address of the request is longer than {limits.url} characters")
    if request.body is not None and len(request.body) > limits.request:
        raise CallFailed(f"the request is larger than {limits.request // 1024} KiB")
    return request


def _path(path: Path, given: _Given, missing: list[str]) -> str:
    segments = []
    for segment in path.segments:
        text = "".join(
            _part(part.name, given, missing) if isinstance(part, Place) else quote(part, safe=_IN_A_PATH)
            for part in segment
        )
        if text in (".", ".."):
            raise CallFailed(f"`{text}` cannot be a part of a path")
        segments.append(text)
    return "/" + "/".join(segments)


def _part(name: str, given: _Given, missing: list[str]) -> str:
    value = given.lookup(name)
    if value is MISSING:
        missing.append(name)
        return "-"
    if isinstance(value, dict | list):
        raise CallFailed(f"`{name}` is part of a path and must be a text or a number")
    text = as_text(value)
    if not text:
        raise CallFailed(f"`{name}` is empty, and it is part of a path")
    return quote(text, safe="")


def _pairs(fields: Mapping[str, Tree], given: _Given, missing: list[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, tree in fields.items():
        value = tree.fill(given, missing)
        several = value if isinstance(value, list) else [value]
        pairs.extend((name, as_text(one)) for one in several if one is not None)
    return pairs


def _headers(fields: Mapping[str, Tree], given: _Given, missing: list[str]) -> dict[str, str]:
    return {name.lower(): _header(name, as_text(tree.fill(given, missing))) for name, tree in fields.items()}


def _header(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise CallFailed(f"the header `{name}` cannot hold line breaks or control characters")
    value.encode()
    return value.strip()


def _body(method: Method, given: _Given, missing: list[str]) -> tuple[bytes | None, str]:
    if method.body is not None:
        return msgspec.json.encode(method.body.fill(given, missing)), "application/json"
    if method.form:
        form = urlencode(_pairs(method.form, given, missing), quote_via=quote, safe="")
        return form.encode(), "application/x-www-form-urlencoded"
    return None, ""
