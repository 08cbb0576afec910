"""Chats over REST: the same words, the same lines, the same limits as over the socket.

For networks without WebSockets, for scripts and for tests: a line of the transcript looks
exactly like its frame. A chat's token is the bearer token; for a chat that is not yours and
for one that does not exist the answer is the same.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from typing import Annotated, TypeAlias

import msgspec
from aiohttp import web

from adapters.webchat.desk import Desk, spend
from adapters.webchat.gate import Gate
from adapters.webchat.shapes import Id, Name, Seq, Values
from adapters.webchat.tokens import BadToken, Owner
from adapters.webchat.translate import Line, ProgressFrame, label_of, line, progress
from bot.errors import NotFound
from bot.ports import ChatView, Live
from bot.rows import Message
from bot.web.bodies import body_as, json_answer, query_as
from bot.web.errors import BadRequest, Unauthenticated
from bot.web.operation import Operation
from bot.web.operator import bearer
from bot.web.rates import Rate
from flows.events import Said

Wait: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]


class OpenChat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which profile to talk to."""

    profile: Name


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The new chat, what the bot said first, and the token for everything else."""

    chat: str
    token: str
    seq: int
    messages: list[Line]


class Post(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either `text`, or `prompt_id` and `value` for a pressed button or `values` for a form. The
    same `id` again is the same message."""

    text: str | None = None
    prompt_id: Id | None = None
    value: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    values: Values | None = None
    id: Id | None = None


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """It is durable, as line `seq`."""

    seq: int
    duplicate: bool


class After(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines after this seq; if there are none yet, wait so many seconds for one."""

    after: Seq = 0
    wait: Wait = 0.0


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """What was said after the seq asked for; `seq`: where to go on. `progress`: the runs at
    work now."""

    messages: list[Line]
    seq: int
    ended: bool
    progress: list[ProgressFrame]


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """How a chat stands. `prompt_id`: of the open question, or empty."""

    chat: str
    profile: str
    name: str
    seq: int
    ended: bool
    waiting: bool
    prompt_id: str
    progress: list[ProgressFrame]


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """False: the run had ended already."""

    cancelled: bool


class Rest:
    """The handlers. Long polls end with `stop`."""

    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk, self._gate = desk, gate
        self._polls: set[asyncio.Future[None]] = set()

    def routes(self) -> Iterable[Operation]:
        chats, one = "/api/v1/chats", "/api/v1/chats/{id}"
        return [
            Operation(
                method="POST", path=chats, handler=self._open, summary="Open a chat",
                body=OpenChat, answer=Opened, status=201, refusals=(403, 404, 413, 415),
            ),
            Operation(
                method="GET", path=one, handler=self._look, summary="How a chat stands",
                answer=Chat, key="chat", refusals=(401, 404),
            ),
            Operation(
                method="POST", path=f"{one}/messages", handler=self._post, summary="Say something",
                body=Post, answer=Posted, status=202, key="chat", refusals=(401, 403, 404, 413, 415),
            ),
            Operation(
                method="GET", path=f"{one}/messages", handler=self._read,
                summary="Read what was said; wait for it if nothing was",
                query=After, answer=Messages, key="chat", refusals=(401, 404),
            ),
            Operation(
                method="POST", path=f"{one}/runs/{{run}}/cancel", handler=self._cancel,
                summary="Stop a run of the chat", answer=Cancelled, key="chat", refusals=(401, 403, 404),
            ),
        ]  # fmt: skip

    def stop(self) -> None:
        """Answer everybody who is waiting."""
        for poll in self._polls:
            _wake(poll)

    async def _open(self, request: web.Request) -> web.Response:
        self._gate.check_origin(request)
        body = await body_as(request, OpenChat)
        owner, token = await self._desk.open(body.profile, self._gate.address(request))
        lines = await self._desk.engine.messages(owner.chat)
        seq = lines[-1].seq if lines else 0
        return json_answer(Opened(chat=owner.chat, token=token, seq=seq, messages=[*map(line, lines)]), 201)

    async def _look(self, request: web.Request) -> web.Response:
        _, view = await self._own(request, self._desk.reads)
        chat = Chat(
            chat=view.id,
            profile=view.profile,
            name=view.profile_name,
            seq=view.seq,
            ended=view.ended,
            waiting=view.waiting,
            prompt_id=view.prompt,
            progress=await self._progress(view.id),
        )
        return json_answer(chat)

    async def _post(self, request: web.Request) -> web.Response:
        self._gate.check_origin(request)
        owner, view = await self._own(request, self._desk.words)
        body = await body_as(request, Post)
        said = await self._said(view, body)
        receipt = await self._desk.receive(owner.chat, body.id or uuid.uuid4().hex, said)
        return json_answer(Posted(seq=receipt.seq, duplicate=receipt.duplicate), 202)

    async def _said(self, view: ChatView, body: Post) -> Said:
        match body:
            case Post(text=str(text), prompt_id=None, value=None, values=None):
                return self._desk.wrote(text)
            case Post(text=None, prompt_id=str(prompt), value=None, values=dict(values)):
                return self._desk.filled(prompt, values)
            case Post(text=None, prompt_id=str(prompt), value=str(value), values=None):
                lines = await self._desk.recent(view.id, view.seq)
                return self._desk.pressed(label_of(lines, prompt, value), prompt, value)
            case _:
                raise BadRequest("Send either `text`, or `prompt_id` with `value` or `values`.")

    async def _read(self, request: web.Request) -> web.Response:
        owner, _ = await self._own(request, self._desk.reads)
        query = query_as(request, After)
        lines = await self._desk.engine.messages(owner.chat, query.after)
        if not lines and query.wait:
            lines = await self._poll(request, owner, query)
        view = await self._desk.look(owner)
        answer = Messages(
            messages=[*map(line, lines)],
            seq=lines[-1].seq if lines else query.after,
            ended=view.ended,
            progress=await self._progress(view.id),
        )
        return json_answer(answer)

    async def _poll(self, request: web.Request, owner: Owner, query: After) -> list[Message]:
        """Wait for a line. Hearing comes before looking once more, so none is missed; a poll
        that is held open counts like a socket."""
        desk, loop = self._desk, asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def hear(item: Live) -> None:
            if isinstance(item, Message):
                _wake(woken)

        with self._gate.hold(request), desk.place(owner.person):
            unsubscribe = desk.bus.subscribe(owner.chat, hear)
            self._polls.add(woken)
            try:
                lines = await desk.engine.messages(owner.chat, query.after)
                if lines:
                    return lines
                async with asyncio.timeout(min(query.wait, desk.limits.poll)):
                    await woken
            except TimeoutError:
                return []
            finally:
                self._polls.discard(woken)
                unsubscribe()
        return await desk.engine.messages(owner.chat, query.after)

    async def _cancel(self, request: web.Request) -> web.Response:
        self._gate.check_origin(request)
        owner, view = await self._own(request, self._desk.words)
        stopped = await self._desk.engine.cancel(owner.chat, request.match_info["run"], view.person)
        return json_answer(Cancelled(cancelled=stopped))

    async def _own(self, request: web.Request, rate: Rate) -> tuple[Owner, ChatView]:
        """The chat that the path names, if the token is its own, and one of its person's
        requests spent. Raises Unauthenticated, NotFound, TooMuch."""
        token = bearer(request)
        if not token:
            raise Unauthenticated("This needs the chat's token: `Authorization: Bearer …`.")
        try:
            owner = self._desk.tokens.verify(token)
        except BadToken:
            raise NotFound("There is no such chat.") from None
        if owner.chat != request.match_info["id"]:
            raise NotFound("There is no such chat.")
        spend(rate, owner.person)
        return owner, await self._desk.look(owner)

    async def _progress(self, chat: str) -> list[ProgressFrame]:
        return [progress(item) for item in await self._desk.engine.progress(chat)]


def _wake(poll: asyncio.Future[None]) -> None:
    if not poll.done():
        poll.set_result(None)
