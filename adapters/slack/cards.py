"""The run card: one message a run, edited in place while it works.

Edits notify nobody and are limited by workspace, so pictures replace each other: at most one
edit in two seconds a card, the newest picture only, last states before progress. A row
remembers where a card is, so that after a restart it gets its last state all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from adapters.slack.address import Address
from adapters.slack.api import Declined
from adapters.slack.blocks import Post
from adapters.slack.card import FINAL, card
from adapters.slack.finding import Finder
from adapters.slack.outgoing import Arguments, Outgoing, Urgency
from adapters.slack.pointers import Pointers
from adapters.slack.posting import address, content, edit, reference
from bot.errors import Conflict, DeliveryError, Duplicate, NotFound, RetryLater, StoreError
from bot.ports import Change, Clock, Insert, Progress, Store
from bot.reception import Reception
from bot.rows import Card

log = structlog.get_logger()

SPACED: Final = 2_000
"""ms between two edits of one card."""
TRIES: Final = 8
"""Of what is not answered; then the card stays as it is."""
GONE: Final = frozenset(("message_not_found", "cant_update_message", "edit_window_closed"))
"""The message cannot be edited any more: a new card is posted, once."""
SIMPLER: Final = frozenset(("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"))
SIMPLEST: Final = 2


class _Drawn(NamedTuple):
    post: Post
    final: bool


class _Shown:
    """One card: what it should show, and what it does show."""

    __slots__ = (
        "busy", "chat", "due", "held", "level", "lost", "picture", "place", "row", "stale", "tries",
    )  # fmt: skip

    def __init__(self, place: Address, chat: str, picture: Progress) -> None:
        self.place, self.chat, self.picture = place, chat, picture
        self.row: Card | None = None
        self.busy = False
        self.stale = True
        """The picture is newer than the message."""
        self.due = 0
        """When the next edit may be made."""
        self.held = 0
        """Before then not even the last state."""
        self.level = self.tries = 0
        self.lost = False
        """It was posted anew once already."""

    @property
    def final(self) -> bool:
        return self.picture.state in FINAL


class Cards:
    """All cards of this process. `show` is called by the runtime and never blocks."""

    def __init__(
        self,
        store: Store,
        outgoing: Outgoing,
        clock: Clock,
        pointers: Pointers,
        finder: Finder,
        spawn: Callable[[Any, str], None],
        *,
        agents: bool = False,
    ) -> None:
        """`agents`: there are some, who may stop runs of others in rooms where they are."""
        self._store, self._outgoing, self._finder = store, outgoing, finder
        self._clock, self._pointers, self._spawn = clock, pointers, spawn
        self._agents = agents
        self._cards: dict[str, _Shown] = {}

    def show(self, where: str, chat: str, picture: Progress) -> None:
        """A run looks like this now."""
        place = Address.of(where)
        if place is None or picture.parent:  # a nested run is a step of the run that people see
            return
        shown = self._cards.get(picture.run)
        if shown is None:
            shown = self._cards[picture.run] = _Shown(place, chat, picture)
        elif picture.rev < shown.picture.rev or shown.final:
            return
        shown.picture, shown.stale = picture, True
        self._consider(picture.run)

    async def start(self, reception: Reception) -> None:
        """Take up the cards that an earlier process has left open."""
        for row in await self._store.find(Card, platform="slack", state="open", limit=1_000):
            try:
                self.show(row.address, row.chat, await reception.run(row.id))
            except NotFound:
                await self._store.commit([Change(Card, {"id": row.id}, {"state": "final"})])

    @property
    def open(self) -> int:
        """Cards that do not show their last state yet."""
        return len(self._cards)

    # --- when ----------------------------------------------------------------------------

    def _consider(self, run: str) -> None:
        """Edit it now, or when it may be."""
        shown = self._cards.get(run)
        if shown is None or shown.busy or not shown.stale:
            return
        due = shown.held if shown.final else max(shown.due, shown.held)
        if due > self._clock.now():
            self._clock.alarm(f"card:{run}", due, lambda: self._consider(run))
            return
        shown.busy = True
        self._spawn(self._bring(run, shown), f"card:{run}")

    async def _bring(self, run: str, shown: _Shown) -> None:
        """Bring the message to the picture, whatever comes in between."""
        try:
            if await self._brought(run, shown):
                del self._cards[run]
        except RetryLater as error:
            self._hold(shown, error.after)
        except Declined as error:
            self._declined(run, shown, error)
        except (DeliveryError, StoreError) as error:
            shown.tries += 1
            log.warning("slack.card_waits", run=run, reason=str(error), tries=shown.tries)
            if shown.tries >= TRIES:
                self._cards.pop(run, None)
            self._hold(shown, min(2.0**shown.tries, 60.0))
        finally:
            shown.busy = False
            shown.due = self._clock.now() + SPACED
            self._consider(run)

    def _hold(self, shown: _Shown, seconds: float) -> None:
        shown.held, shown.stale = self._clock.now() + round(seconds * 1000), True

    def _declined(self, run: str, shown: _Shown, error: Declined) -> None:
        """What Slack will not do is done in a simpler way, or not at all: the run goes on."""
        log.warning("slack.card_declined", run=run, reason=str(error))
        shown.stale = True
        if error.code in SIMPLER and shown.level < SIMPLEST:
            shown.level += 1
        elif error.code in GONE and not shown.lost and shown.row is not None:
            shown.lost, shown.row = True, msgspec.structs.replace(shown.row, ref="")
        else:
            self._cards.pop(run, None)

    # --- what ----------------------------------------------------------------------------

    async def _brought(self, run: str, shown: _Shown) -> bool:
        """Post or edit. True: it shows its last state, and that is noted."""
        row = shown.row or await self._row(run, shown)
        if row.state == "final":
            return True
        shown.stale = False
        drawn: list[_Drawn] = []
        urgency = Urgency.LAST_STATE if shown.final else Urgency.PROGRESS
        if not row.ref:
            urgency = Urgency.ANSWER  # in its place among the words; edits may come later
        if not row.ref and shown.tries:
            row = msgspec.structs.replace(row, ref=await self._found(run, shown, row))
        answer = await self._outgoing.call(
            shown.place.workspace,
            "chat.update" if row.ref else "chat.postMessage",
            lambda: self._arguments(shown, row, drawn),
            room=row.ref or shown.place.room,  # an edit need not wait for the posts of its room
            urgency=urgency,
        )
        picture = drawn[-1]
        state = "final" if picture.final else "open"
        cells: dict[str, str | int] = {"shown": picture.post.fingerprint, "state": state}
        ref = row.ref if row.ref or answer is None else reference(answer)
        if shown.row is not None and ref != shown.row.ref:
            cells["ref"] = ref
        if cells != {"shown": row.shown, "state": row.state}:
            cells["updated_at"] = self._clock.now()
            await self._store.commit([Change(Card, {"id": run}, cells)])
        shown.row = msgspec.structs.replace(row, **{"ref": ref, **cells})
        shown.tries = 0
        return picture.final

    async def _found(self, run: str, shown: _Shown, row: Card) -> str:
        try:
            return await self._finder.find(shown.place, row.updated_at, {"run": run})
        except Declined as error:
            log.warning("slack.cannot_look", reason=str(error))
            return ""

    def _arguments(self, shown: _Shown, row: Card, drawn: list[_Drawn]) -> Arguments | None:
        """The newest picture, at the moment of sending; None: it is there already."""
        pointer = self._pointers.cancel(shown.chat, shown.picture.run)
        post = card(self._stoppable(shown), level=shown.level, cancel=pointer)
        drawn.append(_Drawn(post, final=shown.final))
        shown.stale = False
        if row.ref and post.fingerprint == row.shown:
            return None
        channel, _, ts = row.ref.partition(":")
        where = {"channel": channel, "ts": ts} if row.ref else address(shown.place)
        return {**where, **(edit(post) if row.ref else content(post)), "metadata": post.metadata}

    def _stoppable(self, shown: _Shown) -> Progress:
        """In a room with others the button is there for agents, too; who presses it is asked for
        their rights then."""
        picture = shown.picture
        if picture.by_agents and self._agents and not shown.place.person:
            return msgspec.structs.replace(picture, cancellable=True)
        return picture

    async def _row(self, run: str, shown: _Shown) -> Card:
        """Where the card is, written down before it is posted."""
        row = await self._store.get(Card, id=run)
        if row is None:
            row = Card(
                id=run, chat=shown.chat, platform="slack", address=shown.place.text, ref="", shown="",
                state="open", updated_at=self._clock.now(),
            )  # fmt: skip
            try:
                await self._store.commit([Insert(row)])
            except (Duplicate, Conflict):
                row = await self._store.get(Card, id=run) or row
        elif not row.ref:
            shown.tries = max(shown.tries, 1)  # an earlier process may have posted it
        shown.row = row
        return row
