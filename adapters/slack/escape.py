"""Making text harmless, at the last moment before it goes to Slack.

What authors, people and outside systems wrote is plain text to us: it may notify nobody, link
nowhere else than it says and change no other line. Three ways out, by what Slack does with a
text there:

- `rich_text` elements are parsed not at all; what is typed is what is seen (`*`, `_`, `` ` ``,
  `<!channel>`, `@here`). Everything long goes this way: `elements`.
- `plain_text` objects know no markup, yet Slack decodes the three entities in them: `escape`.
- the `text` beside blocks is mrkdwn (notifications, screen readers, old clients): `escape`, and
  nothing of ours ever sets `link_names` or `parse`. Marks of emphasis still act there.
"""

from __future__ import annotations

import re
from typing import Any, Final

from bot.runtime.wire import writable

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed
    "\u202a-\u202e\u2066-\u2069"  # what turns the writing round until it is turned back
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"  # marks and tags that nobody can see
)
_FLAGS: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
"""The flags of parts of countries are the one use of tags that is seen."""
_BREAKS: Final = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_URL: Final = re.compile(r"""https?://[^\s<>"'`|\\^{}\[\]]+""", re.IGNORECASE)
_AFTER: Final = ".,;:!?)*_~"
_CUT: Final = re.compile("&[a-z]{0,3}$")
LONGEST_URL: Final = 3_000


def shown(text: str) -> str:
    """`text` with what may be shown: no controls, nothing that turns the writing round."""
    text = _BREAKS.sub("\n", writable(text))
    if "\U000e007f" not in text:
        return _UNSEEN.sub("", text)
    parts = _FLAGS.split(text)
    flags = [*_FLAGS.findall(text), ""]
    return "".join(_UNSEEN.sub("", part) + flag for part, flag in zip(parts, flags, strict=True))


def escape(text: str) -> str:
    """`text` where Slack decodes `&amp; &lt; &gt;`: no value can begin a token of Slack's."""
    return shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, most: int) -> str:
    """`text` escaped and within `most` characters; a cut one ends in `…`, no entity is halved."""
    whole = escape(text)
    return whole if len(whole) <= most else _CUT.sub("", whole[: most - 1]) + "…"


def within(text: str, most: int) -> str:
    """`text`, escaped already, within so many bytes; a cut one ends in `…`."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    return _CUT.sub("", raw[: most - 3].decode(errors="ignore")) + "…"


def cut(text: str, most: int) -> str:
    """`text` as it may be shown, within `most` characters; a cut one ends in `…`."""
    text = shown(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def elements(text: str, **style: bool) -> list[dict[str, Any]]:
    """`text` as elements of a rich_text section. A web address becomes a link that shows
    nothing but itself, so that no label can lie about where it leads."""
    found: list[dict[str, Any]] = []
    end = 0
    text = shown(text)
    for match in _URL.finditer(text):
        url = _trimmed(match[0])
        if len(url) <= LONGEST_URL and "://" in url[:8] and len(url) > len("https://"):
            found += _plain(text[end : match.start()], style)
            found.append({"type": "link", "url": url, "text": url, **_styled(style)})
            end = match.start() + len(url)
    return [*found, *_plain(text[end:], style)]


def _trimmed(url: str) -> str:
    """An address without the marks of the sentence around it."""
    while url and url[-1] in _AFTER and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _plain(text: str, style: dict[str, bool]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text, **_styled(style)}] if text else []


def _styled(style: dict[str, bool]) -> dict[str, Any]:
    return {"style": style} if style else {}
