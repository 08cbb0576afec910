"""One question to the Web API: what a method takes, and what it was given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.things import Channel, Json, Person, Token, Workspace
from bot.testing.slack.world import World

EVERYWHERE: Final = {"token": "str", "team_id": "str"}
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass
class Asked:
    """A question whose token and fields are in order."""

    world: World
    token: Token | None
    args: Json
    warnings: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        """Whose token it is."""
        assert self.token is not None
        return self.token.workspace

    @property
    def now(self) -> int:
        """Milliseconds since 1970."""
        return self.world.clock.now()

    def text(self, name: str) -> str:
        """A field that is a string; empty if it was not given."""
        return str(self.args.get(name, ""))

    def number(self, name: str, default: int, most: int) -> int:
        """A field that is a number within bounds."""
        return max(1, min(most, int(self.args.get(name, default))))

    def channel(self, name: str = "channel", *, people: bool = False) -> Channel:
        """The channel that a field names, if the bot may know it. Raises Refusal.

        `people`: the id of a person means the conversation with them."""
        id, bot = self.text(name), self.workspace.bot
        if people and id in self.world.people:
            return self.world.direct(self.world.people[id], self.workspace)
        found = self.world.channels.get(id)
        strange = found is None or (found.workspace is not self.workspace and bot not in found.members)
        if found is None or strange or (found.kind != "channel" and bot not in found.members):
            raise Refusal("channel_not_found")
        return found

    def place(self, name: str = "channel", *, people: bool = False) -> Channel:
        """A channel in which the bot may act. Raises Refusal."""
        found = self.channel(name, people=people)
        if found.archived:
            raise Refusal("is_archived")
        if self.workspace.bot not in found.members and "chat:write.public" not in self.workspace.scopes:
            raise Refusal("not_in_channel")
        return found

    def person(self, name: str = "user") -> Person:
        """Someone whom this workspace can see. Raises Refusal."""
        found = self.world.user(self.text(name))
        if found.workspace is not self.workspace:
            raise Refusal("user_not_found")
        return found


Handler: TypeAlias = Callable[[Asked], Json]


class Method(NamedTuple):
    """`takes`: names of fields, each with `!` if it must be given and `:kind` if it is no text
    (bool, int, list, dict). `scope`: one of these is needed. `by`: whose token it is: bot, app, any, or none for no token at all."""

    name: str
    handle: Handler
    takes: str = ""
    scope: str = ""
    by: str = "bot"

    def read(self, given: Mapping[str, Any]) -> Json:
        """The fields in their kinds. Raises Refusal with everything that is wrong."""
        known, needed = _parsed(self.takes)
        problems = [
            f"unknown field: {name}" for name in given if name not in known and name not in EVERYWHERE
        ]
        problems += [f"missing required field: {name}" for name in needed if given.get(name) in (None, "")]
        args: Json = {}
        for name, value in given.items():
            if name in known and value is not None:
                try:
                    args[name] = _read(value, known[name])
                except (KeyError, TypeError, ValueError):
                    problems.append(f"must be a valid {known[name]} [json-pointer:/{name}]")
        if problems:
            raise wrong("invalid_arguments", *problems)
        return args


def _parsed(takes: str) -> tuple[dict[str, str], list[str]]:
    known: dict[str, str] = {}
    needed: list[str] = []
    for word in takes.split():
        name, _, kind = word.partition(":")
        if name.endswith("!"):
            needed.append(name[:-1])
        known[name.rstrip("!")] = kind or "str"
    return known, needed


def _read(value: Any, kind: str) -> Any:
    match kind:
        case "bool":
            return _BOOLEANS[str(value).lower()]
        case "int":
            return int(value)
        case "list" | "dict":
            found = json.loads(value) if isinstance(value, str) else value
            if not isinstance(found, list if kind == "list" else dict):
                raise ValueError(kind)
            return found
        case _:
            if not isinstance(value, str | int | float):
                raise TypeError(kind)
            return str(value)
