"""What an operator says about Slack: the variables, and `[slack]` of cuebook.toml. Pure.

Slack's library reads `SLACK_…` by itself, and turns into another application where it finds
some of them. So everything is read here and handed over by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

import msgspec
from pydantic import SecretStr
from yarl import URL

from adapters.slack.tokens import Hidden
from bot.errors import SettingsError
from bot.settings import Settings
from flows.names import nearest

SLACK: Final = "https://slack.com/api/"
_ROOM: Final = re.compile(r"[CDG][A-Z0-9]{2,}")
_AGENT: Final = re.compile(r"(?:[TE][A-Z0-9]{2,}:)?[UW][A-Z0-9]{2,}")
_KINDS: Final = {"slack_bot_token": ("xoxb-", "xoxe.xoxb-"), "slack_app_token": ("xapp-",)}


class Choices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[slack]` of cuebook.toml. Nothing in it is secret."""

    profile: str = ""
    """With which a direct message begins; not needed where there is only one."""
    profiles: dict[str, str] = {}
    """Channel id → profile."""
    agents: tuple[str, ...] = ()
    """User ids, or TEAM:USER, of those who are staff."""
    post_spacing: float = 1.0
    """Seconds between two posts to one channel."""
    posts_per_minute: float = 500.0
    """To one workspace, all channels together (Slack: "several hundred")."""


class SlackSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the adapter is told. Prints without secrets."""

    api_url: str = SLACK
    public_url: str = ""
    bot_token: Hidden = Hidden()
    signing_secret: Hidden = Hidden()
    app_token: Hidden = Hidden()
    client_id: Hidden = Hidden()
    client_secret: Hidden = Hidden()
    profile: str = ""
    profiles: dict[str, str] = {}
    agents: frozenset[str] = frozenset()
    post_spacing: float = 1.0
    posts_per_minute: float = 500.0

    @property
    def http(self) -> bool:
        """Slack posts to /slack/events."""
        return bool(self.signing_secret)

    @property
    def socket(self) -> bool:
        """We open a WebSocket to Slack."""
        return bool(self.app_token)

    @property
    def many(self) -> bool:
        """Workspaces install the app themselves; else there is the one of the bot's token."""
        return bool(self.client_id)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that nothing may show."""
        return tuple(filter(None, (self.bot_token, self.signing_secret, self.app_token, self.client_secret)))


class Fault(msgspec.Struct, frozen=True):
    """Something that cannot work, and what to do about it."""

    text: str
    fix: str


def read(settings: Settings, table: object, profiles: Collection[str]) -> SlackSettings | None:
    """What holds for Slack; None where it is not used. `profiles`: those of the project.

    Raises SettingsError with everything that cannot work.
    """
    found = slack_settings(settings, choices(table), profiles)
    if not used(found):
        return None
    wrong = [*faults(found, profiles)]
    if wrong:
        lines = "\n".join(f"  {fault.text}: {fault.fix}" for fault in wrong)
        raise SettingsError(f"Slack cannot be connected like this:\n{lines}")
    return found


def slack_settings(settings: Settings, chosen: Choices, profiles: Collection[str]) -> SlackSettings:
    """All of it together, not yet judged."""
    only = next(iter(profiles)) if len(profiles) == 1 else ""
    return SlackSettings(
        api_url=settings.slack_api_url.rstrip("/") + "/",
        public_url=settings.public_url.rstrip("/"),
        bot_token=_value(settings.slack_bot_token),
        signing_secret=_value(settings.slack_signing_secret),
        app_token=_value(settings.slack_app_token),
        client_id=_value(settings.slack_client_id),
        client_secret=_value(settings.slack_client_secret),
        profile=chosen.profile or only,
        profiles=chosen.profiles,
        agents=frozenset(chosen.agents),
        post_spacing=chosen.post_spacing,
        posts_per_minute=chosen.posts_per_minute,
    )


def used(found: SlackSettings) -> bool:
    """Whether any of Slack's variables is set."""
    return bool(found.secrets or found.client_id)


def faults(found: SlackSettings, profiles: Collection[str]) -> Iterator[Fault]:
    """Everything that cannot work, each with what to do."""
    yield from _of_kinds(found)
    yield from _of_modes(found)
    yield from _of_addresses(found)
    yield from _of_choices(found, profiles)


def _of_kinds(found: SlackSettings) -> Iterator[Fault]:
    given = {"slack_bot_token": found.bot_token, "slack_app_token": found.app_token}
    for name, value in given.items():
        if value and not value.startswith(_KINDS[name]):
            other = next((one for one, begins in _KINDS.items() if value.startswith(begins)), "")
            what = f"the value of {other.upper()}" if other else "something else"
            if value.startswith("xoxp-"):
                what = "a person's token (xoxp-…)"
            yield Fault(
                f"{name.upper()} holds {what}", f"it begins with {_KINDS[name][0]}, set it to that one"
            )
    for name, value in (("SLACK_SIGNING_SECRET", found.signing_secret), ("SLACK_CLIENT_ID", found.client_id)):
        if value.startswith(("xoxb-", "xoxe", "xapp-", "xoxp-")):
            yield Fault(f"{name} holds a token", "take it from Basic Information of the app's settings")


def _of_modes(found: SlackSettings) -> Iterator[Fault]:
    if bool(found.client_id) != bool(found.client_secret):
        yield Fault("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together", "set both, or neither")
    if found.bot_token and found.client_id:
        yield Fault(
            "SLACK_BOT_TOKEN says one workspace, SLACK_CLIENT_ID says that many install the app",
            "unset SLACK_BOT_TOKEN, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET",
        )
    if not found.signing_secret and not found.app_token:
        yield Fault(
            "nothing can come in from Slack",
            "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)",
        )
    if not found.bot_token and not found.client_id and not found.client_secret:
        yield Fault(
            "nothing can be sent to Slack",
            "set SLACK_BOT_TOKEN, or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many workspaces",
        )
    if found.client_id and not found.public_url:
        yield Fault(
            "Slack sends people back to this server when they install the app",
            "set CUEBOOK_PUBLIC_URL to its https:// address",
        )


def _of_addresses(found: SlackSettings) -> Iterator[Fault]:
    for name, text in (("SLACK_API_URL", found.api_url), ("CUEBOOK_PUBLIC_URL", found.public_url)):
        url = _url(text)
        if text and url is None:
            yield Fault(f"{name} is not an address", "write one like https://bot.example.com")
        elif url is not None and url.scheme != "https" and not near(url):
            yield Fault(f"{name} is not encrypted", "write https://")


def _of_choices(found: SlackSettings, profiles: Collection[str]) -> Iterator[Fault]:
    where = "cuebook.toml, [slack]: "
    for room in found.profiles:
        if not _ROOM.fullmatch(room):
            yield Fault(
                f"{where}`{room}` is not a channel's id",
                "write one like C0123ABCD; Slack shows it in `About`",
            )
    for agent in sorted(found.agents):
        if not _AGENT.fullmatch(agent):
            yield Fault(
                f"{where}`{agent}` is not a person's id", "write one like U0123ABCD, or T0123ABCD:U0123ABCD"
            )
    for profile in dict.fromkeys((found.profile, *found.profiles.values())):
        if profile and profile not in profiles:
            near_one = nearest(profile, profiles)
            hint = f"did you mean `{near_one}`?" if near_one else "name one of the project's"
            yield Fault(f"{where}there is no chat profile `{profile}`", hint)
    if not found.profile and len(profiles) > 1:
        listed = ", ".join(f"`{one}`" for one in sorted(profiles))
        yield Fault(f"{where}`profile` is not set", f"say with which a direct message begins: {listed}")
    if not 0 <= found.post_spacing <= 60:
        yield Fault(f"{where}`post_spacing` is {found.post_spacing:g}", "write seconds from 0 to 60")
    if not found.posts_per_minute >= 1:
        yield Fault(f"{where}`posts_per_minute` is {found.posts_per_minute:g}", "write 1 or more")


def choices(table: object) -> Choices:
    """`[slack]` of cuebook.toml. Raises SettingsError."""
    if not isinstance(table, Mapping):
        raise SettingsError("cuebook.toml: `slack` is a table, written [slack]")
    for name in table:
        if name not in Choices.__struct_fields__:
            raise SettingsError(f"cuebook.toml, [slack]: there is no setting `{name}`{_meant(str(name))}")
    try:
        return msgspec.convert(dict(table), Choices)
    except msgspec.ValidationError as error:
        raise SettingsError(f"cuebook.toml, [slack]: {_in_words(error)}") from error


def _meant(name: str) -> str:
    if re.search(r"token|secret|client_id", name):
        return f"; secrets come from the environment: SLACK_{name.upper().removeprefix('SLACK_')}"
    close = nearest(name, Choices.__struct_fields__)
    return f", did you mean `{close}`?" if close else ""


def _in_words(error: msgspec.ValidationError) -> str:
    text, _, where = str(error).partition(" - at `$.")
    return f"`{where.rstrip('`')}`: {text.lower()}" if where else text


def _value(secret: SecretStr | None) -> Hidden:
    return Hidden(secret.get_secret_value().strip() if secret else "")


def _url(text: str) -> URL | None:
    try:
        url = URL(text)
        return url if url.scheme in ("http", "https") and url.host else None
    except ValueError:
        return None


def near(url: URL) -> bool:
    """Whether an address is this machine or one beside it, where nobody else listens."""
    host = url.host or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost") or "." not in host
    return address.is_loopback or address.is_private


def allowance(found: SlackSettings) -> list[str]:
    """What the address rules must allow so that a Slack beside us, for tests, can be called."""
    url = URL(found.api_url)
    if not near(url):
        return []
    host = url.host or ""
    if host == "localhost" or host.endswith(".localhost"):
        return [f"127.0.0.1:{url.port}", f"[::1]:{url.port}"]
    try:
        address = ip_address(host)
    except ValueError:
        return []  # a name: what it points to may change, so the operator allows the address
    return [f"[{host}]:{url.port}" if address.version == 6 else f"{host}:{url.port}"]
