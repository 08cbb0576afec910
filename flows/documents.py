"""The files of a project: chat profiles and runbooks (connectors are in `flows.connector`)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from flows.cron import read_cron
from flows.durations import Duration
from flows.fields import Input, Variable
from flows.names import Name, VariableName
from flows.steps import ChatStep, RunbookStep
from flows.template import Template

Group = Literal["anonymous", "authenticated", "agents"]
EVERYBODY: Final[tuple[Group, ...]] = ("anonymous", "authenticated", "agents")
KNOWN: Final[tuple[Group, ...]] = ("authenticated", "agents")


def _groups(given: object) -> object:
    if given == "anyone":
        return list(EVERYBODY)
    return [given] if isinstance(given, str) else given


Audience = Annotated[
    tuple[Group, ...],
    BeforeValidator(_groups),
    Field(min_length=1),
    WithJsonSchema(
        {
            "description": "Who may use it: anyone, or some of anonymous, authenticated, agents",
            "anyOf": [
                {"enum": ["anyone", *EVERYBODY]},
                {"type": "array", "items": {"enum": list(EVERYBODY)}, "minItems": 1},
            ],
        }
    ),
]


class Document(BaseModel):
    """What every file has."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True, validate_by_name=False)

    version: Literal[1] = Field(1, description="Of the format")
    id: Name = Field(description="Equal to the file's name")
    name: str = Field("", max_length=100, description="How people call it; the id if left out")
    description: str = Field("", max_length=1000, description="What it is for, in a sentence")
    note: str = Field("", max_length=2000, description="For authors; ignored by the engine")

    @property
    def called(self) -> str:
        """The name for people."""
        return self.name or self.id


class Word(BaseModel):
    """A word that works everywhere in a chat."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: list[str] = Field(min_length=1, max_length=20, description="What people may write")
    say: Template | None = Field(None, description="What the bot says to it")


def _words_alone(schema: dict[str, Any]) -> None:
    """The editor's schema of `_word`: a list of words is enough."""
    schema["anyOf"].append({"type": "array", "items": {"type": "string"}, "minItems": 1})


def _word(given: object) -> object:
    return {"words": given} if isinstance(given, list) else given


Global = Annotated[Word | Literal[False], BeforeValidator(_word), Field(json_schema_extra=_words_alone)]


class Words(BaseModel):
    """The global words (DECISIONS 11); `false` turns one off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    help: Global = Field(Word(words=["help"]), description="What can be said here")
    start_over: Global = Field(
        Word(words=["start over", "restart"]), description="From the first step, with nothing collected"
    )
    cancel: Global = Field(Word(words=["cancel", "stop"]), description="Stop the run that the chat waits for")

    def meaning(self, text: str) -> Literal["help", "start_over", "cancel"] | None:
        """Which global word a text is, if any: the whole text, folded."""
        wanted = text.strip().casefold()
        if wanted in _folded(self.cancel):
            return "cancel"
        if wanted in _folded(self.help):
            return "help"
        return "start_over" if wanted in _folded(self.start_over) else None


def _folded(word: Word | Literal[False]) -> set[str]:
    return {spelling.strip().casefold() for spelling in word.words} if word else set()


class Profile(Document):
    """A chat profile: a bot flow with an audience."""

    kind: Literal["chat-profile"]
    audience: Audience = Field(EVERYBODY, description="Who may open a chat", validate_default=False)
    variables: dict[VariableName, Variable] = Field(
        {}, max_length=200, description="What this flow may collect"
    )
    words: Words = Field(Words(), description="What works everywhere: help, start over, cancel")
    still_working_after: Duration = Field(
        20.0,
        validate_default=False,
        description="Silence of a waited-for run after which the bot says a word",
    )
    flow: list[ChatStep] = Field(min_length=1, max_length=500, description="The steps, in reading order")


class Schedule(BaseModel):
    """When a runbook starts by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str | None = Field(None, description="Five fields, e.g. '0 7 * * mon-fri'")
    every: Duration | None = Field(None, description="An interval, e.g. 15m")
    on: str | None = Field(None, description="One date and time, e.g. 2026-12-24T18:00")
    zone: str = Field("UTC", description="A time zone, e.g. Europe/Berlin", validate_default=True)

    @property
    def place(self) -> ZoneInfo:
        """The zone itself."""
        return _ZONES[self.zone]

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            _ZONES[zone] = ZoneInfo(zone)  # read once, at load: later nothing touches the disk
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"`{zone}` is not a time zone: write one like Europe/Berlin") from error
        return zone

    @field_validator("on")
    @classmethod
    def _date(cls, text: str | None) -> str | None:
        from datetime import datetime

        if text is not None:
            try:
                datetime.fromisoformat(text)
            except ValueError:
                raise ValueError(
                    f"`{text}` is not a date and time: write one like 2026-12-24T18:00"
                ) from None
        return text

    @field_validator("cron")
    @classmethod
    def _line(cls, text: str | None) -> str | None:
        if text is not None:
            read_cron(text)
        return text

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.cron, self.every, self.on)) != 1:
            raise ValueError("a schedule has exactly one of `cron`, `every`, `on`")
        if self.every is not None and self.every < 1:
            raise ValueError("`every` is at least 1s")
        return self


_ZONES: dict[str, ZoneInfo] = {}


class Runbook(Document):
    """An automation flow. It ends only in `end` steps."""

    kind: Literal["runbook"]
    phrases: list[str] = Field([], max_length=50, description="What people say who want it")
    changes: bool = Field(False, description="It changes something: not read-only")
    destructive: bool = Field(False, description="What it changes cannot be taken back")
    disabled: bool = Field(False, description="Nobody can start it")
    method: Literal["synchronous", "asynchronous"] = Field(
        "synchronous", description="asynchronous: in the background, while the chat goes on"
    )
    timeout: Duration | None = Field(
        None, description="The run fails when it takes longer; 1m left out, 1h if asynchronous"
    )
    audience: Audience = Field(KNOWN, description="Whose chats may start it", validate_default=False)
    cancel: Literal["requester", "agents", "none"] | None = Field(
        None, description="Who may stop a run; agents where it `changes` things, else the requester"
    )
    announce: str | None = Field(
        None,
        max_length=500,
        description="What a chat hears when a background run ends: result, none, or a text",
    )
    schedule: Schedule | None = Field(None, description="When it starts by itself")
    inputs: dict[VariableName, Input] = Field({}, max_length=200, description="What a start must give")
    steps: list[RunbookStep] = Field(min_length=1, max_length=500, description="The steps, in order")

    @property
    def limit(self) -> float:
        """Seconds that a run may take."""
        if self.timeout is not None:
            return self.timeout
        return 60.0 if self.method == "synchronous" else 3600.0

    @property
    def cancellable_by(self) -> Literal["requester", "agents", "none"]:
        """DECISIONS 12."""
        return self.cancel or ("agents" if self.changes else "requester")

    def announcement(self, outcome: str, message: str, *, to_agent: bool) -> str:
        """What a chat that did not wait is told about an ended run (DECISIONS 7)."""
        if self.announce == "none":
            return ""
        if self.announce == "result" or (self.announce is None and to_agent):
            return message or f"{self.called}: {outcome}"
        if self.announce is not None:
            return self.announce
        ended = "has finished" if outcome == "success" else "could not be completed"
        return f"{self.called} {ended}."


AnyDocument = Profile | Runbook


def context_names(document: Any) -> set[str]:
    """The variables that exist before the first step."""
    return set(document.inputs) if isinstance(document, Runbook) else set()
