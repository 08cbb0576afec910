"""Settings: the environment first, then `cuebook.toml`, then these defaults.

`PORT`, `DATABASE_URL` and `SLACK_…` are honoured without a prefix, everything else begins
with `CUEBOOK_`. Secrets never come from the project's files.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import SettingsError
from flows.names import nearest


def _alias(name: str, *others: str) -> AliasChoices:
    return AliasChoices(f"CUEBOOK_{name.upper()}", *others, name)


def _zone(name: object) -> object:
    if not isinstance(name, str):
        return name
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"`{name}` is not a time zone: write one like Europe/Berlin") from error


Zone = Annotated[tzinfo, BeforeValidator(_zone)]


def _items(given: object) -> object:
    """A variable of the environment holds a list with commas."""
    return [item.strip() for item in given.split(",") if item.strip()] if isinstance(given, str) else given


Items = Annotated[list[str], NoDecode, BeforeValidator(_items)]
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
SECRET = (
    "operator_token",
    "secret_key",
    "slack_bot_token",
    "slack_signing_secret",
    "slack_app_token",
    "slack_client_id",
    "slack_client_secret",
)


class Settings(BaseSettings):
    """Everything an operator can choose. Prints without secrets."""

    model_config = SettingsConfigDict(
        env_prefix="CUEBOOK_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all")
    port: int = Field(
        8080, ge=0, le=65535, validation_alias=_alias("port", "PORT"), description="0: any free one"
    )
    database_url: str = Field(
        "",
        validation_alias=_alias("database_url", "DATABASE_URL"),
        description="Default: .cuebook/cuebook.db",
    )
    synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="SQLite: `NORMAL` is faster and may lose the last commits at a power cut"
    )
    operator_token: SecretStr | None = Field(None, description="For /metrics and the lists of chats and runs")
    secret_key: SecretStr | None = Field(
        None, description="Signs chat tokens, seals those of Slack; made in .cuebook/ if not set"
    )
    public_url: str = Field("", description="Where people and other systems reach this server, with https://")
    slack_bot_token: SecretStr | None = Field(
        None,
        validation_alias=_alias("slack_bot_token", "SLACK_BOT_TOKEN"),
        description="Slack, one workspace: the bot's token, `xoxb-…`",
    )
    slack_signing_secret: SecretStr | None = Field(
        None,
        validation_alias=_alias("slack_signing_secret", "SLACK_SIGNING_SECRET"),
        description="Slack over HTTP: proves that a request is Slack's",
    )
    slack_app_token: SecretStr | None = Field(
        None,
        validation_alias=_alias("slack_app_token", "SLACK_APP_TOKEN"),
        description="Slack by Socket Mode: the app-level token, `xapp-…`",
    )
    slack_client_id: SecretStr | None = Field(
        None,
        validation_alias=_alias("slack_client_id", "SLACK_CLIENT_ID"),
        description="Slack, many workspaces: with the next one, turns on /slack/install",
    )
    slack_client_secret: SecretStr | None = Field(
        None,
        validation_alias=_alias("slack_client_secret", "SLACK_CLIENT_SECRET"),
        description="Slack, many workspaces: goes with the client id",
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        validation_alias=_alias("slack_api_url", "SLACK_API_URL"),
        description="Base of Slack's Web API; another one for tests",
    )
    zone: Zone = Field(UTC, description="Time zone of `at:`, e.g. Europe/Berlin; default UTC")
    allow: Items = Field([], description="Addresses that connectors may reach although they are private")
    origins: Items = Field([], description="Further web origins whose pages may open the WebSocket")
    trusted_proxies: Items = Field([], description="Proxies whose X-Forwarded-For counts")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged, to stderr"
    )
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal")
    reload: bool = Field(True, description="Take changed project files into force")
    runs_a_person: int = Field(3, ge=1, description="Open runs of one person at once")
    runs_at_work: int = Field(100, ge=1, description="Runs executing at once")
    messages_per_second: float = Field(5.0, gt=0, description="Of one person, on average")
    messages_burst: int = Field(20, ge=1, description="Of one person, at once")
    sockets_per_address: int = Field(50, ge=1, description="Open connections from one address")
    sockets_per_person: int = Field(10, ge=1, description="Open connections of one person")
    drain: float = Field(10.0, ge=0, description="Seconds that a stopping server gives to what is in flight")

    @classmethod
    def settings_customise_sources(  # the library's own signature
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what the project's file gave."""
        return (env_settings, init_settings)


def read_settings(
    project: Path | None = None, table: dict[str, Any] | None = None, **chosen: Any
) -> Settings:
    """All settings. `table`: the `[server]` part of cuebook.toml; `chosen`: the command's own
    options, which win. SettingsError lists every problem at once."""
    _check_names(table or {})
    try:
        settings = Settings(**(table or {}))
    except ValidationError as error:
        problems = "\n".join(
            f"  {_where(str(problem['loc'][0]))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False)
        )
        raise SettingsError(f"these settings cannot be read:\n{problems}") from error
    given = {name: value for name, value in chosen.items() if value is not None}
    if not settings.database_url and "database_url" not in given and project is not None:
        given["database_url"] = f"sqlite://{project.resolve() / '.cuebook' / 'cuebook.db'}"
    return settings.model_copy(update=given)


def public_base(settings: Settings) -> str:
    """Where others reach the server, as far as the settings know. Raises SettingsError."""
    if settings.public_url and not _ADDRESS.fullmatch(settings.public_url):
        raise SettingsError("CUEBOOK_PUBLIC_URL is not an address: write one like https://bot.example.com")
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def variables(name: str) -> list[str]:
    """The environment variables of a setting; the first that is set counts."""
    alias = Settings.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices if choice != name]
    return [f"CUEBOOK_{name.upper()}"]


def _where(found: str) -> str:
    """The variable, or the setting of cuebook.toml, from which a value came."""
    known = found if found in Settings.model_fields else ""
    name = known or next(name for name in Settings.model_fields if found in variables(name))
    return next((variable for variable in variables(name) if variable in os.environ), f"[server] {name}")


def _check_names(table: dict[str, Any]) -> None:
    """A setting that is not there was meant to be another one."""
    for name in table:
        if name in SECRET:
            raise SettingsError(
                f"`{name}` is a secret: set {variables(name)[-1]} instead of writing it in a file"
            )
        if name not in Settings.model_fields:
            near = nearest(name, Settings.model_fields)
            hint = f", did you mean `{near}`?" if near else ""
            raise SettingsError(f"cuebook.toml, [server]: there is no setting `{name}`{hint}")
