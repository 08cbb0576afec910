"""What a person sees in Slack at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from bot.testing.slack.markup import seen
from bot.testing.slack.render import buttons, elements, label, lines, options
from bot.testing.slack.things import Channel, Json, Message, Person, View
from bot.testing.slack.world import World


@dataclass(frozen=True)
class Shown:
    """One message on somebody's screen. `str()` is a line for a comparison:

    `Cuebook: Which login is locked? [Cancel]`
    """

    author: str
    text: str
    buttons: tuple[str, ...]
    choices: tuple[str, ...]
    """What the lists of the message offer."""
    files: tuple[str, ...]
    reactions: tuple[str, ...]
    edited: bool
    ephemeral: bool
    ts: str
    thread_ts: str
    message: Message

    def __str__(self) -> str:
        parts = [
            self.text,
            *(f"({name})" for name in self.files),
            *(f"[{name}]" for name in self.buttons),
            *(f"<{name}>" for name in self.choices),
            *(f":{name}:" for name in self.reactions),
        ]
        return f"{self.author}: {' '.join(part for part in parts if part)}"


def transcript(
    world: World, channel: Channel, thread: str | None = None, viewer: Person | None = None
) -> list[Shown]:
    """A channel as it stands, or a thread from its parent on. Replies stand in their thread
    alone, unless they were broadcast. What only one person sees is there for that `viewer`."""
    found = [one for one in world.standing(channel, thread) if _visible(one, viewer)]
    if thread is None:
        found = [one for one in found if one.thread_ts in (None, one.ts) or one.broadcast]
    return [shown(world, one) for one in found]


def shown(world: World, message: Message) -> Shown:
    """One message, as it is seen now."""
    used = [element for _, element in elements(message.blocks)]
    lists = [element for element in used if element["type"] != "button"]
    return Shown(
        author=message.username or world.name_of(message.user),
        text="\n".join(_text(world, message)),
        buttons=(*buttons(message.blocks), *_attached(message)),
        choices=tuple(label(option) for element in lists for option in options(element)),
        files=tuple(file.title or file.name for file in message.files),
        reactions=tuple(message.reactions),
        edited=bool(message.edited),
        ephemeral=bool(message.seen_by),
        ts=message.ts,
        thread_ts=message.thread_ts or "",
        message=message,
    )


def form(world: World, view: View) -> list[str]:
    """A form or home tab as lines: title, blocks, complaints, buttons."""
    title = view.body.get("title", {}).get("text")
    found = [*([title] if title else []), *lines(view.blocks, world.name_of)]
    found += [f"! {message}" for message in view.errors.values()]
    found += [f"[{name}]" for name in buttons(view.blocks)]
    return found + [f"[{view.body[part]['text']}]" for part in ("submit", "close") if view.body.get(part)]


def _visible(message: Message, viewer: Person | None) -> bool:
    return not message.seen_by or (viewer is not None and viewer.id == message.seen_by)


def _text(world: World, message: Message) -> list[str]:
    found = lines(message.blocks, world.name_of)
    if not message.blocks and message.text:
        found = seen(message.text, world.name_of, marks=bool(message.bot_id)).split("\n")
    for attachment in message.attachments:
        found += _attachment(world, attachment)
    return [line for line in found if line]


def _attachment(world: World, attachment: Json) -> list[str]:
    if attachment.get("blocks"):
        return lines(attachment["blocks"], world.name_of)
    parts = [attachment.get(part) for part in ("pretext", "title", "text")]
    return [seen(part, world.name_of) for part in parts if part]


def _attached(message: Message) -> list[str]:
    return [name for one in message.attachments for name in buttons(one.get("blocks", []))]
