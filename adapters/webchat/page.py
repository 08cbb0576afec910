"""The pages that people open: the list of profiles, and the chat itself.

Script, style and icon are files of our own, so the strict policy of `bot.web.security` holds
without an exception. What an author wrote goes through `escape` here; what is said in the chat
becomes text nodes there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from aiohttp import web

from bot.web.ports import Catalogue, Entry, for_visitors

_TYPES: Final = {
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "form.js": "text/javascript",
    "link.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOLDER: Final = files("adapters.webchat") / "static"
# Read on import: a handler must not wait for a disk.
_FILES: Final = {name: (_FOLDER / name).read_bytes() for name in _TYPES}
_BASE: Final = f"/static/webchat/{hashlib.sha256(b''.join(_FILES.values())).hexdigest()[:12]}"
_FRAME: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="icon" href="$base/icon.svg">
<link rel="stylesheet" href="$base/chat.css">
</head>
<body>
$body
</body>
</html>
""")
_CHAT: Final = Template("""\
<main class="chat" id="chat" data-profile="$id">
  <header class="bar">
    <h1>$name</h1>
    <p class="state" id="state" role="status">Connecting …</p>
    $about
  </header>
  <noscript><p class="notice">This page needs JavaScript to talk to the bot.</p></noscript>
  <div class="log" id="log" role="log" aria-live="polite" aria-label="Messages" tabindex="0"></div>
  <div class="work" id="work"></div>
  <p class="busy" id="busy" role="status"></p>
  <form class="composer" id="composer">
    <label for="words">Your message</label>
    <textarea id="words" rows="1" autocomplete="off" enterkeyhint="send"></textarea>
    <button class="strong" type="submit">Send</button>
  </form>
  <div class="over" id="over" hidden>
    <p>This chat has ended.</p>
    <button class="strong" type="button" id="again">Start a new chat</button>
  </div>
</main>
<script type="module" src="$base/chat.js"></script>""")
_FRONT: Final = Template("""\
<main class="front">
  <h1>$title</h1>
  <p>$intro</p>
  $links
</main>""")


class Pages:
    """`/`, `/chat/{profile}` and their files."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        return [
            web.get("/", self._front),
            web.get("/chat/{profile}", self._chat),
            web.get("/static/webchat/{version}/{name}", self._file),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        links = "\n    ".join(map(_link, for_visitors(self._catalogue.profiles())))
        intro = "Choose what to talk about." if links else "There is nothing here yet that anybody may open."
        listed = f"<ul>\n    {links}\n  </ul>" if links else ""
        return self._html("Chats", _FRONT.substitute(title="Chats", intro=intro, links=listed))

    async def _chat(self, request: web.Request) -> web.Response:
        """A profile that a visitor may not open looks like one that is not there."""
        profile = self._catalogue.profile(request.match_info["profile"])
        if profile is None or not for_visitors([profile]):
            back = '<ul><li><a href="/">All chats</a></li></ul>'
            intro = "There is no such chat, or it is not open to everybody."
            body = _FRONT.substitute(title="Not found", intro=intro, links=back)
            return self._html("Not found", body, status=404)
        about = escape(str(profile.get("description") or ""))
        body = _CHAT.substitute(
            base=_BASE,
            id=escape(str(profile["id"])),
            name=escape(_name(profile)),
            about=f'<p class="about">{about}</p>' if about else "",
        )
        return self._html(_name(profile), body)

    async def _file(self, request: web.Request) -> web.Response:
        """Named by its content, so a browser may keep it for ever; only the current one is here."""
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        current = request.path == f"{_BASE}/{name}"
        keep = "public, max-age=31536000, immutable" if current else "no-cache"
        return web.Response(
            body=_FILES[name],
            content_type=_TYPES[name],
            charset="utf-8",
            headers={"Cache-Control": keep},
        )

    def _html(self, title: str, body: str, *, status: int = 200) -> web.Response:
        text = _FRAME.substitute(title=escape(title), base=_BASE, body=body)
        headers = {"Cache-Control": "no-cache"}
        return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def _name(profile: Entry) -> str:
    return str(profile.get("name") or profile["id"])


def _link(profile: Entry) -> str:
    about = escape(str(profile.get("description") or ""))
    name = escape(_name(profile))
    return f'<li><a href="/chat/{escape(str(profile["id"]))}"><strong>{name}</strong>{about}</a></li>'
