"""Lines of a transcript to Slack: posted in order, and not twice because of a time-out.

Each post carries the id of its outbox row as metadata. When nobody knows whether an earlier
try went through, we look for that id in the thread before posting again; where Slack does
not let us look, the line is marked as a possible repeat.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from adapters.slack.address import Address
from adapters.slack.api import Declined
from adapters.slack.blocks import Post, context
from adapters.slack.escape import within
from adapters.slack.finding import Finder
from adapters.slack.outgoing import Answer, Arguments, Outgoing, Urgency
from adapters.slack.pointers import Pointers
from adapters.slack.render import answered, lines, usable
from bot.errors import Undeliverable
from bot.ports import Delivery
from bot.rows import Message

log = structlog.get_logger()

EVENT: Final = "cuebook_message"
PLAIN: Final = frozenset(("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"))
"""What Slack says of blocks that it does not take: their text goes without them."""
REMEMBERED: Final = 5_000
EDITED: Final = 4_000
MAYBE_TWICE: Final = "(You may have seen this before: the connection to Slack broke off.)"

Upload = Callable[[Address, str, str, bytes], Awaitable[None]]


class Asked(msgspec.Struct, frozen=True):
    """A question as it stands in Slack: where, and what it looked like."""

    prompt: str
    channel: str
    ts: str
    post: Post


class Posting:
    """Sends what the outbox hands over. `upload(place, title, name, content)` attaches a file."""

    def __init__(self, outgoing: Outgoing, pointers: Pointers, finder: Finder, upload: Upload) -> None:
        self._outgoing, self._pointers, self._finder, self._upload = outgoing, pointers, finder, upload
        self._partly: dict[str, dict[int, str]] = {}
        """What was posted of deliveries that are not whole yet."""
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    async def send(self, delivery: Delivery) -> str:
        """Post it; the reference of its last part. Raises DeliveryErrors."""
        place = Address.of(delivery.address)
        if place is None:
            raise Undeliverable("this is no place in Slack")
        done = self._partly.setdefault(delivery.id, {})
        posts = self._posts(delivery.message)
        for index, post in enumerate(posts):
            if index not in done:
                done[index] = await self._part(place, delivery, index, post)
        del self._partly[delivery.id]
        if not posts:
            return ""
        ref = done[len(posts) - 1]
        self._remember(delivery.message, ref, posts[-1])
        return ref

    async def _part(self, place: Address, delivery: Delivery, index: int, post: Post) -> str:
        marker = f"{delivery.id}#{index}"
        if delivery.doubtful:
            try:
                found = await self._finder.find(place, delivery.message.created_at, {"id": marker})
            except Declined as error:
                log.warning("slack.cannot_look", reason=str(error))
                post = repeated(post)
            else:
                if found:
                    return found
        if post.snippet is not None:
            title = post.snippet.name
            await self._upload(place, title, post.snippet.name, post.snippet.content.encode())
        return await self._post(place, post, marker)

    async def _post(self, place: Address, post: Post, marker: str) -> str:
        arguments = {
            **address(place),
            **content(post),
            "metadata": {"event_type": EVENT, "event_payload": {"id": marker}},
        }
        try:
            answer = await self._call(place, arguments)
        except Declined as error:
            if error.code not in PLAIN:
                raise
            log.error("slack.blocks_refused", reason=str(error))
            plain = {key: value for key, value in arguments.items() if key != "blocks"}
            answer = await self._call(place, plain)
        return reference(answer)

    async def _call(self, place: Address, arguments: Arguments) -> Answer:
        answer = await self._outgoing.call(
            place.workspace, "chat.postMessage", lambda: arguments, room=place.room
        )
        return answer or {}

    # --- questions -----------------------------------------------------------------------

    def _posts(self, message: Message) -> list[Post]:
        """A line as posts. A button carries nothing but a pointer to what it means."""
        chat, prompt = message.chat, message.prompt
        return lines(
            message,
            point=lambda choice: self._pointers.choice(chat, prompt, choice.value),
            form=self._pointers.form(chat, prompt) if message.form else "",
        )

    def _remember(self, message: Message, ref: str, post: Post) -> None:
        channel, _, ts = ref.partition(":")
        if not message.prompt or not ts or not any(usable(block) for block in post.blocks):
            return
        self._asked[message.chat] = Asked(message.prompt, channel, ts, post)
        self._asked.move_to_end(message.chat)
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def asked(self, chat: str) -> Asked | None:
        """The newest question of a chat, if this process has posted it."""
        return self._asked.get(chat)

    async def close(self, workspace: tuple[str, str], chat: str, asked: Asked, label: str, by: str) -> None:
        """Take the buttons off a question that was answered: it informs, and nobody presses
        them again."""
        known = self._asked.get(chat)
        if known is not None and known.ts == asked.ts:
            del self._asked[chat]
        post = answered(asked.post.blocks, asked.post.text, label, by)
        arguments = {"channel": asked.channel, "ts": asked.ts, **edit(post)}
        message = f"{asked.channel}:{asked.ts}"  # the edit need not wait for the posts of its room
        await self._outgoing.call(
            workspace, "chat.update", lambda: arguments, room=message, urgency=Urgency.PROGRESS
        )


def repeated(post: Post) -> Post:
    """A line that may stand there already, marked as such."""
    return msgspec.structs.replace(
        post, text=f"{post.text}\n{MAYBE_TWICE}", blocks=[*post.blocks, context(MAYBE_TWICE)]
    )


def address(place: Address) -> Arguments:
    """Where a post goes."""
    return {"channel": place.target, **({"thread_ts": place.thread} if place.thread else {})}


def content(post: Post) -> Arguments:
    """What it says. Nothing in it is parsed or unfurled: values are data."""
    blocks = {"blocks": post.blocks} if post.blocks else {}
    return {"text": post.text, **blocks, "parse": "none", "unfurl_links": False, "unfurl_media": False}


def edit(post: Post) -> Arguments:
    """What an edited message says (Slack: the text of an edit has 4,000 bytes at most)."""
    return {**content(post), "text": within(post.text, EDITED)}


def reference(answer: Answer) -> str:
    """`CHANNEL:TS` of a post."""
    return f"{answer.get('channel', '')}:{answer.get('ts', '')}"
