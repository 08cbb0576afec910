"""`kind: webhook`: an address at which another system starts one runbook, as a file says it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from flows.conditions import Condition
from flows.documents import Document
from flows.names import Name, VariableName
from flows.request_parts import settings
from flows.template import Template
from flows.values import MISSING, Json, Missing, Vars
from flows.variables import dig, pick

_SOURCE: Final = re.compile(r"(?:body|headers)(?:\.[^.\s]{1,200}){0,20}")


def _secret(text: Template) -> Template:
    """One secret by its name; what stands in a file is none."""
    settings(text, "secret")
    if len(text.parts) != 1 or not text.refs:
        raise ValueError("a secret is named, not written: write ${secret.NAME}")
    return text


def _source(path: str) -> str:
    if not _SOURCE.fullmatch(path) or path == "headers":
        raise ValueError(
            f"`{path}` is no place in a request: write one like body.issue.title or headers.x-github-event"
        )
    return path.lower() if path.startswith("headers.") else path


SecretText = Annotated[Template, AfterValidator(_secret)]
Source = Annotated[str, AfterValidator(_source)]


class OldSecret(BaseModel):
    """A secret that still opens the door for a while, so that both sides can change over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretText = Field(description="e.g. ${secret.BILLING_HOOK_OLD}")
    until: str = Field(description="Date, or date and time (UTC unless it says else), of its end")

    @field_validator("until")
    @classmethod
    def _date(cls, text: str) -> str:
        try:
            _moment(text)
        except ValueError:
            raise ValueError(f"`{text}` is not a date: write one like 2026-12-24") from None
        return text

    @property
    def end(self) -> int:
        """Milliseconds since 1970."""
        return round(_moment(self.until).timestamp() * 1000)


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


class Webhook(Document):
    """An address, `/hooks/ID`, at which another system starts a runbook by a signed POST."""

    kind: Literal["webhook"]
    runbook: Name = Field(description="The one runbook that it starts")
    scheme: Literal["standard", "slack", "github"] = Field(
        "standard", description="How requests are signed; standard: Standard Webhooks"
    )
    secret: SecretText = Field(description="What both sides know: ${secret.NAME}")
    old_secrets: list[OldSecret] = Field(
        [], max_length=5, description="Secrets that are being replaced, each with its end"
    )
    inputs: dict[VariableName, Source] = Field(
        {}, max_length=200, description="input: where in the request, e.g. body.issue.title"
    )
    only: Condition | None = Field(
        None, description="Start only when this holds, e.g. {body.action: {is: opened}}"
    )

    def given(self, request: Vars) -> Vars:
        """The runbook's inputs out of `{body, headers}`."""
        return {name: pick(request, path) for name, path in self.inputs.items()}

    def wants(self, request: Vars) -> bool:
        """Whether this request starts anything."""
        return self.only is None or self.only.test(Request(request)).met

    def secret_names(self) -> frozenset[str]:
        """The secrets that must be there."""
        texts = (self.secret, *(old.secret for old in self.old_secrets))
        return frozenset(secret_name(text) for text in texts)


class Request:
    """What the condition of a webhook sees."""

    def __init__(self, request: Vars) -> None:
        self._request = request

    def lookup(self, path: str) -> Json | Missing:
        """`body…` and `headers.NAME`, nothing else."""
        return dig(self._request, path.split(".")) if is_source(path) else MISSING


def is_source(path: str) -> bool:
    """Whether a path leads into a request."""
    return path == "body" or path.startswith(("body.", "headers."))


def secret_name(text: Template) -> str:
    """NAME of `${secret.NAME}`."""
    return text.refs[0].path.partition(".")[2]
