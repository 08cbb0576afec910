"""One socket: who it is, what it says, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Literal

import structlog
from aiohttp import WSMsgType, web

from adapters.webchat.desk import Desk
from adapters.webchat.feed import Feed
from adapters.webchat.goodbye import (
    BAD_FRAME,
    BINARY,
    DONE,
    INTERNAL,
    NO_HELLO,
    TOO_MANY,
    UNAUTHENTICATED,
    Goodbye,
    goodbye,
    not_yours,
    told,
)
from adapters.webchat.outgoing import Outgoing
from adapters.webchat.tokens import BadToken, Owner
from adapters.webchat.translate import (
    Ack,
    Cancel,
    ClientFrame,
    Error,
    Hello,
    Junk,
    Ping,
    Pong,
    Press,
    Read,
    Say,
    Typing,
    Welcome,
    decode,
    encode,
    label_of,
)
from bot.errors import NotFound, Refused, StoreUnavailable
from bot.ports import ChatView, Receipt
from flows.errors import CuebookError

log = structlog.get_logger()

_NO_TOKEN: Final = Error(code="unauthenticated", message="This token is not good, or no longer.")
_FIRST: Final = Error(code="bad_frame", message="The first frame must be `hello`, and only the first.")
_SENSELESS: Final = Error(code="bad_frame", message="This frame makes no sense.")
_TOO_OFTEN: Final = Error(code="too_many", message="This chat is open in too many places.")


class Session:
    """Reads in the handler's own task, sends by the one writer of `out`.

    Frames are taken one after the other: a person's words arrive in the order they were sent,
    and what is not read yet waits in the client's own buffers.
    """

    __slots__ = ("_address", "_desk", "_feed", "_owner", "_refused", "_unsubscribe", "_ws", "out")

    def __init__(self, ws: web.WebSocketResponse[bool], out: Outgoing, desk: Desk, address: str) -> None:
        self._ws, self.out, self._desk, self._address = ws, out, desk, address
        self._owner: Owner | None = None
        self._feed: Feed | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._refused = 0

    async def run(self) -> None:
        """Until one of the two sides ends it. Never raises but for cancellation."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.out.run())
            try:
                await self._talk()
                self.out.close(DONE)
            except Goodbye as bye:
                self.end(bye)
            except CuebookError as exc:
                self.end(goodbye(exc))
            except Exception:
                log.exception("webchat.session_failed")
                self.out.close(INTERNAL)
            finally:
                self._release()

    def end(self, bye: Goodbye) -> None:
        """Say goodbye, from wherever."""
        if bye.error is not None:
            self.out.put(encode(bye.error))
        self.out.close(bye.code)

    def end_if_expired(self, now: int) -> None:
        """The token ends by time, not only by the next frame. `now` by the clock."""
        if self._owner is not None and now >= self._owner.until:
            self.end(Goodbye(UNAUTHENTICATED, _NO_TOKEN))

    def _release(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._owner is not None:
            self._desk.people.release(self._owner.person)

    async def _talk(self) -> None:
        try:
            async with asyncio.timeout(self._desk.limits.hello):
                hello = await self._hello()
        except TimeoutError:
            raise Goodbye(NO_HELLO) from None
        if hello is not None:
            await self._listen(*await self._greet(hello))

    async def _hello(self) -> Hello | None:
        """The first frame of a type that we know must be `hello`. None: the client left."""
        while (data := _text(await self._ws.receive())) is not None:
            frame = _decoded(data)
            if isinstance(frame, Hello):
                return frame
            if frame is not None:
                raise Goodbye(BAD_FRAME, _FIRST)
        return None

    # --- hello -------------------------------------------------------------------------

    async def _greet(self, hello: Hello) -> tuple[Owner, Feed]:
        """Find or open the chat, welcome the client and let the feed start.

        Hearing the bus comes before looking at the log, so nothing falls between the two.
        """
        desk = self._desk
        owner, token = await self._chat(hello)
        if not desk.people.take(owner.person):
            raise Goodbye(TOO_MANY, _TOO_OFTEN)
        self._owner = owner
        feed = self._feed = Feed(owner.chat, desk.engine, self.out, desk.frame, page=desk.limits.page)
        self._unsubscribe = desk.bus.subscribe(owner.chat, feed.hear)
        view = await desk.look(owner)
        if hello.profile not in ("", view.profile):
            raise not_yours()
        resume, last = self._resume(hello.last_seq or 0, view.seq)
        self.out.put(encode(self._welcome(view, token, resume)))
        feed.start(last, view.seq)
        return owner, feed

    async def _chat(self, hello: Hello) -> tuple[Owner, str]:
        """Whose chat it is, and the token to go on with: a new one when the old is aging."""
        tokens = self._desk.tokens
        if hello.token is None and hello.chat is None:
            return await self._desk.open(hello.profile, self._address)
        try:
            owner = tokens.verify(hello.token or "")
        except BadToken:
            raise Goodbye(UNAUTHENTICATED, _NO_TOKEN) from None
        if hello.chat not in (None, owner.chat):
            raise not_yours()
        if tokens.is_aging(owner):
            token = tokens.issue(owner.chat, owner.person)
            return tokens.verify(token), token
        return owner, hello.token or ""

    def _resume(self, seen: int, newest: int) -> tuple[Literal["full", "partial", "reset"], int]:
        """How the client goes on, and the seq after which its lines begin."""
        limits = self._desk.limits
        if seen > newest or newest - seen > limits.replay:
            return "reset", max(0, newest - limits.page)
        return ("partial" if seen else "full"), seen

    def _welcome(self, view: ChatView, token: str, resume: Literal["full", "partial", "reset"]) -> Welcome:
        limits = self._desk.limits
        named = {name: getattr(limits, name) for name in ("text", "frame", "rate", "burst", "heartbeat")}
        return Welcome(
            chat=view.id,
            token=token,
            seq=view.seq,
            resume=resume,
            server_time=self._desk.clock.now(),
            limits=named,
            ended=view.ended,
            name=view.profile_name,
        )

    # --- frames ------------------------------------------------------------------------

    async def _listen(self, owner: Owner, feed: Feed) -> None:
        now, receive = self._desk.clock.now, self._ws.receive
        while (data := _text(await receive())) is not None:
            frame = _decoded(data)
            if now() >= owner.until:
                raise Goodbye(UNAUTHENTICATED, _NO_TOKEN)
            if self._may_go_on(owner, frame) and frame is not None:
                await self._take(owner, feed, frame)

    def _may_go_on(self, owner: Owner, frame: ClientFrame | None) -> bool:
        """Every frame counts. Somebody who does not stop is shown out."""
        wait = self._desk.words.take(owner.person)
        if not wait:
            self._refused = 0
            return True
        cmid = frame.cmid if isinstance(frame, Say | Press | Cancel) else ""
        error = Error(code="too_many", message="Too fast. Please wait a moment.", cmid=cmid, retry_after=wait)
        self._refused += 1
        if self._refused > self._desk.limits.burst:
            raise Goodbye(TOO_MANY, error)
        self.out.put(encode(error))
        return False

    async def _take(self, owner: Owner, feed: Feed, frame: ClientFrame) -> None:
        match frame:
            case Say() | Press() | Cancel():
                await self._try(owner, feed, frame)
            case Ping():
                self.out.put(encode(Pong(t=frame.t)))
            case Hello():
                raise Goodbye(BAD_FRAME, _FIRST)
            case Typing() | Read():
                pass  # no flow can act on these

    async def _try(self, owner: Owner, feed: Feed, frame: Say | Press | Cancel) -> None:
        """Acknowledge what is durable; say what cannot be done. A chat that is gone ends it all."""
        try:
            if isinstance(frame, Say):
                receipt = await self._desk.receive(owner.chat, frame.cmid, self._desk.wrote(frame.text))
            elif isinstance(frame, Press):
                receipt = await self._press(feed, frame)
            else:
                receipt = await self._cancel(owner, frame)
        except (Refused, StoreUnavailable) as exc:
            if isinstance(exc, NotFound) and not isinstance(frame, Cancel):
                raise
            self.out.put(encode(told(exc, frame.cmid)))
        else:
            self.out.put(encode(Ack(cmid=frame.cmid, seq=receipt.seq, duplicate=receipt.duplicate)))

    async def _press(self, feed: Feed, frame: Press) -> Receipt:
        """What the button says is in the open question, or further back in the log."""
        if frame.values is not None:
            return await self._desk.receive(
                feed.chat, frame.cmid, self._desk.filled(frame.prompt_id, frame.values)
            )
        value = frame.value or ""
        lines = [feed.question] if feed.question is not None else []
        if not lines or lines[0].prompt != frame.prompt_id:
            lines = await self._desk.recent(feed.chat, feed.last)
        label = label_of(lines, frame.prompt_id, value)
        return await self._desk.receive(
            feed.chat, frame.cmid, self._desk.pressed(label, frame.prompt_id, value)
        )

    async def _cancel(self, owner: Owner, frame: Cancel) -> Receipt:
        view = await self._desk.look(owner)
        stopped = await self._desk.engine.cancel(owner.chat, frame.run_id, view.person)
        return Receipt(seq=view.seq, duplicate=not stopped)


def _text(message: Any) -> bytes | None:
    """The payload of a text frame, not decoded; None at the end."""
    if message.type is WSMsgType.TEXT:
        payload: bytes = message.data  # decode_text=False
        return payload
    if message.type is WSMsgType.BINARY:
        raise Goodbye(BINARY)
    return None


def _decoded(data: bytes) -> ClientFrame | None:
    try:
        return decode(data)
    except Junk:
        raise Goodbye(BAD_FRAME, _SENSELESS) from None
