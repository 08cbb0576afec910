"""`kind: connector`: an outside system, as a file says it. No Python needed.

What a call may vary is fenced in by this shape. A value fills a leaf of the JSON body, one
part of the path, one query or form field, or one header; it never becomes structure, and
never the scheme or the host, which come from the file and the operator alone. Secrets live
under `auth` only, so that they can go nowhere but to the connector's own host.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flows.documents import Document
from flows.durations import Duration
from flows.names import Name
from flows.request_parts import TOO_SPECIAL, HeaderName, Path, Statuses, input_names, settings
from flows.template import Template, Tree

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_VERBS: Final[tuple[Verb, ...]] = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CREDENTIALS: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "bearer": ("token",),
    "basic": ("username", "password"),
    "header": ("header", "value"),
}


class Auth(BaseModel):
    """How Cuebook proves to the other side who it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["none", "bearer", "basic", "header"] = "none"
    token: Template | None = Field(None, description="bearer: e.g. ${secret.DIRECTORY_TOKEN}")
    username: Template | None = Field(None, description="basic: e.g. ${env.DIRECTORY_USER}")
    password: Template | None = Field(None, description="basic: e.g. ${secret.DIRECTORY_PASSWORD}")
    header: HeaderName | None = Field(None, description="header: its name, e.g. X-Api-Key")
    value: Template | None = Field(None, description="header: e.g. ${secret.DIRECTORY_KEY}")

    @field_validator("token", "username", "password", "value")
    @classmethod
    def _settings_only(cls, text: Template | None) -> Template | None:
        if text is not None:
            settings(text, "env", "secret")
        return text

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = _CREDENTIALS[self.type]
        for field in ("token", "username", "password", "header", "value"):
            given = getattr(self, field) is not None
            if field in wanted and not given:
                raise ValueError(f"auth of type `{self.type}` needs `{field}`")
            if given and field not in wanted:
                fits = next(kind for kind, fields in _CREDENTIALS.items() if field in fields)
                raise ValueError(f"auth of type `{self.type}` has no `{field}`; that goes with type `{fits}`")
        return self

    @property
    def texts(self) -> tuple[Template, ...]:
        """Every text that names settings."""
        return tuple(
            text for text in (self.token, self.username, self.password, self.value) if text is not None
        )


class Method(BaseModel):
    """One thing the outside system can do. Names in it are what a step gives in `with:`."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True, validate_by_name=False)

    get: Path | None = Field(None, description="Path of a GET, e.g. /users/{login}")
    post: Path | None = Field(None, description="Path of a POST")
    put: Path | None = Field(None, description="Path of a PUT")
    patch: Path | None = Field(None, description="Path of a PATCH")
    delete: Path | None = Field(None, description="Path of a DELETE")
    query: dict[str, Tree] = Field({}, max_length=50, description="What goes after the ?")
    body: Tree | None = Field(None, alias="json", description="A JSON body; its texts may name values")
    form: dict[str, Tree] = Field({}, max_length=100, description="A form body instead of a JSON one")
    headers: dict[HeaderName, Tree] = Field({}, max_length=50, description="Further headers")
    timeout: Duration = Field(30.0, validate_default=False, description="No answer by then is a failure")
    repeatable: bool = Field(
        False, description="Safe to do twice: an Idempotency-Key goes along, and a step may repeat it"
    )
    success: tuple[Statuses, ...] = Field(
        ((200, 299),), min_length=1, max_length=20, validate_default=False,
        description="Statuses that mean success; 200-299 if left out",
    )  # fmt: skip
    description: str = Field("", max_length=1000)
    returns: dict[str, str] = Field({}, max_length=50, description="For readers: what the answer holds")

    @field_validator("query", "form", "headers")
    @classmethod
    def _flat(cls, fields: dict[str, Tree]) -> dict[str, Tree]:
        for name, tree in fields.items():
            if isinstance(tree.source, dict):
                raise ValueError(f"`{name}` is one value here, not a structure; that goes under `json`")
        return fields

    @field_validator("headers")
    @classmethod
    def _ours(cls, headers: dict[str, Tree]) -> dict[str, Tree]:
        for name in headers:
            if (reason := TOO_SPECIAL.get(name.lower())) is not None:
                raise ValueError(f"`{name}` cannot be set here: {reason}")
        return headers

    @model_validator(mode="after")
    def _one_request(self) -> Self:
        given = [verb.lower() for verb in _VERBS if getattr(self, verb.lower()) is not None]
        if len(given) != 1:
            found = f"this has {' and '.join(f'`{verb}`' for verb in given)}" if given else "this has none"
            raise ValueError(f"a method has exactly one of get, post, put, patch, delete; {found}")
        if self.body is not None and self.form:
            raise ValueError("a request has one body: `json` or `form`, not both")
        if self.get is not None and (self.body is not None or self.form):
            raise ValueError("a GET has no body: use `query`, or another verb")
        for text in self._texts():
            input_names(text)
        return self

    @property
    def verb(self) -> Verb:
        """GET, POST, PUT, PATCH or DELETE."""
        return next(verb for verb in _VERBS if getattr(self, verb.lower()) is not None)

    @property
    def path(self) -> Path:
        """Where, below the connector's `base_url`."""
        given = (self.get, self.post, self.put, self.patch, self.delete)
        return next(path for path in given if path is not None)

    def inputs(self) -> frozenset[str]:
        """The names that a step must give; those with a default are not among them."""
        needed = {ref for text in self._texts() for ref, default in input_names(text) if default is None}
        return frozenset(needed | self.path.names)

    def names(self) -> frozenset[str]:
        """All names that a step may give."""
        return frozenset({ref for text in self._texts() for ref, _ in input_names(text)} | self.path.names)

    def succeeds(self, status: int) -> bool:
        """Whether this status is the exit `success` (H71: 200–299 unless the file says more)."""
        return any(low <= status <= high for low, high in self.success)

    def _texts(self) -> Iterator[Template]:
        for tree in (*self.query.values(), *self.form.values(), *self.headers.values()):
            yield from tree.templates
        if self.body is not None:
            yield from self.body.templates


class Connector(Document):
    """An outside system that runbooks may call by HTTP."""

    kind: Literal["connector"]
    type: Literal["http"] = "http"
    base_url: Template = Field(
        description="Where it lives, e.g. ${env.DIRECTORY_URL} or https://directory.example"
    )
    auth: Auth = Auth()
    methods: dict[Name, Method] = Field(min_length=1, max_length=200, description="What it can do")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: Template) -> Template:
        settings(text, "env")
        begin = text.parts[0]
        if isinstance(begin, str) and not begin.startswith(("http://", "https://")):
            raise ValueError("an address begins with https:// or http://, or with ${env.NAME}")
        for part in text.parts:
            if isinstance(part, str) and (bad := next((c for c in "@?#\\ " if c in part), None)) is not None:
                raise ValueError(f"`{bad}` does not belong into `base_url`; credentials go under `auth`")
        return text

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        taken = (self.auth.header or "").lower()
        for name, method in self.methods.items():
            if taken and taken in {header.lower() for header in method.headers}:
                raise ValueError(
                    f"the header `{self.auth.header}` comes from `auth`; take it out of `{name}`"
                )
        return self

    def env_names(self) -> frozenset[str]:
        """The environment variables that must be set, secrets aside."""
        return self._settings("env")

    def secret_names(self) -> frozenset[str]:
        """The secrets that must be there."""
        return self._settings("secret")

    def _settings(self, kind: str) -> frozenset[str]:
        found = [
            setting
            for text in (self.base_url, *self.auth.texts)
            for setting in settings(text, "env", "secret")
        ]
        return frozenset(name for root, name, default in found if root == kind and default is None)
