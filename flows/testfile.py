"""`kind: test`: conversations that a project's flows must play. `cuebook test` plays them
without a network: calls are answered by the stubs, and time is virtual.

Lines of the bot must come in this order; lines in between do not harm unless the case is
`exact` (DECISIONS 28).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from flows.conditions import compile_pattern
from flows.documents import Group
from flows.durations import Duration
from flows.names import CallName, Name, VariableName
from flows.source import Source
from flows.steps.form import MAX_FIELDS
from flows.values import Json

_FROZEN = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True, validate_by_name=False)


class Stub(BaseModel):
    """How a connector answers. `error` stands for an answer that never came."""

    model_config = _FROZEN

    status: int = Field(200, ge=100, le=599, description="The HTTP status; 200-299 is success")
    body: Json = Field(None, description="The JSON body")
    headers: dict[str, str] = Field({}, description="Headers of the answer")
    error: str = Field("", max_length=500, description="No answer: the call fails with this text")
    delay: Duration = Field(0.0, validate_default=False, description="Virtual time until it answers")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if self.error and {"status", "body", "headers"} & self.model_fields_set:
            raise ValueError("`error` is no answer: it goes without `status`, `body` and `headers`")
        return self


def _listed(given: object) -> object:
    return given if isinstance(given, list) else [given]


def _either(schema: dict[str, Any]) -> None:
    items = schema.pop("items")
    listed = {"type": "array", "items": items, "minItems": 1}
    for word in ("type", "minItems"):
        schema.pop(word, None)
    schema["anyOf"] = [items, listed]


Stubs = Annotated[
    list[Stub], BeforeValidator(_listed), Field(min_length=1, max_length=1000, json_schema_extra=_either)
]
"""Answers in order; the last one is repeated. One answer need not be a list."""


class Wanted(BaseModel):
    """What a text must be: equal, containing, or matching (RE2). One of them."""

    model_config = _FROZEN

    equals: str | None = Field(None, description="The whole text; `bot: TEXT` means the same")
    contains: str | None = Field(None, min_length=1, description="Upper and lower case do not matter")
    matches: str | None = Field(None, max_length=500, description="A pattern found in the text")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.equals, self.contains, self.matches)) != 1:
            raise ValueError("write a text, or {contains: …}, or {matches: …}")
        if self.matches is not None:
            compile_pattern(self.matches)
        return self

    @cached_property
    def _pattern(self) -> Any:
        return compile_pattern(self.matches or "")

    def accepts(self, text: str) -> bool:
        """Whether a line of the transcript is this one; surrounding space does not count."""
        if self.matches is not None:
            return bool(self._pattern.search(text))
        if self.contains is not None:
            return self.contains.casefold() in text.casefold()
        return (self.equals or "").strip() == text.strip()

    def __str__(self) -> str:
        if self.equals is not None:
            return self.equals.strip()
        return f"… {self.contains} …" if self.contains is not None else f"/{self.matches}/"


def _wanted(given: object) -> object:
    return {"equals": given} if isinstance(given, str) else given


def _or_text(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"type": "string"}, {"$ref": schema.pop("$ref")}]


Line = Annotated[Wanted, BeforeValidator(_wanted), Field(json_schema_extra=_or_text)]


class UserSays(BaseModel):
    """The person writes."""

    model_config = _FROZEN
    user: str = Field(max_length=8000, description="What the person writes")


class UserPresses(BaseModel):
    """The person presses a button of the open question, by its label."""

    model_config = _FROZEN
    press: str = Field(min_length=1, max_length=200, description="The label of the button")


class UserFills(BaseModel):
    """The person fills in the form of the open question."""

    model_config = _FROZEN
    fill: dict[VariableName, Json] = Field(
        min_length=1, max_length=MAX_FIELDS, description="variable: value, of each field"
    )


class BotSays(BaseModel):
    """The bot must say this, a background result included."""

    model_config = _FROZEN
    bot: Line = Field(description="A text, or {contains: …}, or {matches: …}")


class RunSays(BaseModel):
    """A run must post this by *Add Live Chat Message*."""

    model_config = _FROZEN
    note: Line = Field(description="A text, or {contains: …}, or {matches: …}")


class TimePasses(BaseModel):
    """Virtual time passes; what is due happens."""

    model_config = _FROZEN
    wait: Duration = Field(description="e.g. 2m")


class Posted(BaseModel):
    """What another system posts."""

    model_config = _FROZEN
    step: Name = Field(description="The waiting step")
    body: Json = Field(None, description="What `save` and `${STEP.body}` read as `body`")


class Calls(BaseModel):
    """Another system calls back the newest run that has this step, and must be taken."""

    model_config = _FROZEN
    callback: Posted = Field(description="The step and the body, e.g. {step: answer, body: {approved: true}}")


ITEMS: Final[dict[str, type[BaseModel]]] = {
    "user": UserSays,
    "press": UserPresses,
    "fill": UserFills,
    "bot": BotSays,
    "note": RunSays,
    "wait": TimePasses,
    "callback": Calls,
}


def _tag(item: Any) -> str | None:
    if isinstance(item, dict):
        found = [kind for kind in ITEMS if kind in item]
        return f"<{found[0]}>" if len(found) == 1 else None
    return next((f"<{kind}>" for kind, model in ITEMS.items() if isinstance(item, model)), None)


TalkItem: TypeAlias = Annotated[
    Annotated[UserSays, Tag("<user>")]
    | Annotated[UserPresses, Tag("<press>")]
    | Annotated[UserFills, Tag("<fill>")]
    | Annotated[BotSays, Tag("<bot>")]
    | Annotated[RunSays, Tag("<note>")]
    | Annotated[TimePasses, Tag("<wait>")]
    | Annotated[Calls, Tag("<callback>")],
    Discriminator(_tag),
]


class Who(BaseModel):
    """The person who talks."""

    model_config = _FROZEN

    name: str = Field("", max_length=100, description="$CHAT_USER_NAME")
    email: str = Field("", max_length=254, description="$CHAT_USER_EMAIL")
    audience: Group = Field("anonymous", description="anonymous, authenticated or agents")


class ExpectedRun(BaseModel):
    """One run that must have been started; what is left out does not matter."""

    model_config = _FROZEN

    runbook: Name = Field(description="Its id")
    outcome: Literal["success", "failure"] | None = Field(None, description="How it ended")
    result: Line | None = Field(None, description="Its result message")
    inputs: dict[str, Json] | None = Field(
        None, description="What it was started with; a secret reads ••• once the run has ended"
    )


class Expect(BaseModel):
    """What must be so at the end."""

    model_config = _FROZEN

    runs: list[ExpectedRun] | None = Field(None, description="All runs, in the order of their starts")
    variables: dict[str, Json] = Field({}, description="Variables and built-in names, e.g. RUNBOOKRESULT")
    ended: bool | None = Field(None, description="Whether the chat is over")


class Case(BaseModel):
    """One conversation."""

    model_config = _FROZEN

    name: str = Field(min_length=1, max_length=200, description="A sentence")
    profile: Name | None = Field(None, description="Another profile than the file's")
    who: Who = Field(Who(), alias="as", description="Who talks; a stranger if left out")
    connectors: dict[CallName, Stubs] = Field(
        {}, description="CONNECTOR.METHOD: its answer, or a list of answers"
    )
    talk: list[TalkItem] = Field(min_length=1, max_length=500, description="Line by line")
    expect: Expect = Field(Expect(), description="What must be so at the end")
    exact: bool = Field(False, description="The transcript has these lines and no others")


class TestFile(BaseModel):
    """A file of conversation tests."""

    __test__ = False  # no test of pytest's
    model_config = _FROZEN

    version: Literal[1] = Field(1, description="Of the format")
    kind: Literal["test"]
    profile: Name = Field(description="Who is talked to")
    note: str = Field("", max_length=2000, description="For authors; ignored")
    cases: list[Case] = Field(min_length=1, max_length=200, description="The conversations")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedTest:
    """A file of tests, with its places."""

    path: str
    document: TestFile
    origin: Source = field(repr=False)

    def place(self, case: int, item: int | None = None) -> tuple[int, int]:
        """Line and column of a case, or of a line of its talk."""
        loc = ("cases", case) if item is None else ("cases", case, "talk", item)
        return self.origin.place(self.origin.offset(loc))
