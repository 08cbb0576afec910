"""What an operator may say about Slack, and what is said back."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack.settings import SlackSettings, allowance, read
from bot.errors import SettingsError
from bot.settings import read_settings

HALL = {"hall": object()}
BOT, APP, SIGNING = "xoxb-1-sesame", "xapp-1-sesame", "8f742231b10e8888sesame"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    def reading(
        table: object = None, profiles: Any = HALL, table_of_server: dict[str, Any] | None = None, **env: str
    ) -> SlackSettings | None:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return read(read_settings(None, table_of_server), {} if table is None else table, profiles)

    return reading


def refusal(given: Any, *args: Any, **env: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        given(*args, **env)
    assert "sesame" not in str(refused.value)
    return str(refused.value)


def test_without_variables_there_is_no_slack(given: Any) -> None:
    assert given() is None
    assert given({"agents": ["U0AGENT"]}) is None
    assert given(SLACK_BOT_TOKEN=" ", SLACK_APP_TOKEN="") is None


def test_socket_mode_for_one_workspace(given: Any) -> None:
    found = given(SLACK_BOT_TOKEN=BOT + "\n", SLACK_APP_TOKEN=APP)
    assert (found.socket, found.http, found.many) == (True, False, False)
    assert (found.bot_token, found.profile) == (BOT, "hall")
    assert found.api_url == "https://slack.com/api/"


def test_http_for_many_workspaces(given: Any) -> None:
    found = given(
        SLACK_SIGNING_SECRET=SIGNING,
        SLACK_CLIENT_ID="1.2",
        SLACK_CLIENT_SECRET="sesame",
        CUEBOOK_PUBLIC_URL="https://bot.example.com/",
    )
    assert (found.socket, found.http, found.many) == (False, True, True)
    assert found.public_url == "https://bot.example.com"


def test_nothing_secret_is_printed(given: Any) -> None:
    found = given(SLACK_BOT_TOKEN=BOT, SLACK_SIGNING_SECRET=SIGNING, SLACK_APP_TOKEN=APP)
    assert "sesame" not in f"{found!r} {found}"
    assert set(found.secrets) == {BOT, SIGNING, APP}
    assert "sesame" not in repr(read_settings())


def test_a_secret_does_not_come_from_a_file(given: Any) -> None:
    text = refusal(given, table_of_server={"slack_bot_token": BOT})
    assert text == "`slack_bot_token` is a secret: set SLACK_BOT_TOKEN instead of writing it in a file"
    assert refusal(given, {"bot_token": BOT}) == (
        "cuebook.toml, [slack]: there is no setting `bot_token`; "
        "secrets come from the environment: SLACK_BOT_TOKEN"
    )


@pytest.mark.parametrize(
    ("env", "text"),
    [
        ({"SLACK_BOT_TOKEN": BOT}, "nothing can come in from Slack: set SLACK_APP_TOKEN (Socket Mode) or"),
        ({"SLACK_APP_TOKEN": APP}, "nothing can be sent to Slack: set SLACK_BOT_TOKEN, or SLACK_CLIENT_ID"),
        (
            {"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT},
            "SLACK_BOT_TOKEN holds the value of SLACK_APP_TOKEN: it begins with xoxb-",
        ),
        (
            {"SLACK_BOT_TOKEN": "xoxp-1-sesame", "SLACK_APP_TOKEN": APP},
            "SLACK_BOT_TOKEN holds a person's token (xoxp-…)",
        ),
        ({"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": APP}, "SLACK_SIGNING_SECRET holds a token"),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_CLIENT_ID": "1.2"},
            "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together: set both, or neither",
        ),
        (
            {
                "SLACK_BOT_TOKEN": BOT,
                "SLACK_APP_TOKEN": APP,
                "SLACK_CLIENT_ID": "1.2",
                "SLACK_CLIENT_SECRET": "sesame",
                "CUEBOOK_PUBLIC_URL": "https://bot.example.com",
            },
            "SLACK_BOT_TOKEN says one workspace, SLACK_CLIENT_ID says that many install the app",
        ),
        (
            {"SLACK_SIGNING_SECRET": SIGNING, "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "sesame"},
            "Slack sends people back to this server when they install the app: set CUEBOOK_PUBLIC_URL",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "CUEBOOK_PUBLIC_URL": "bot.example.com"},
            "CUEBOOK_PUBLIC_URL is not an address: write one like https://bot.example.com",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "SLACK_API_URL": "http://slack.com/api"},
            "SLACK_API_URL is not encrypted: write https://",
        ),
    ],
)
def test_what_contradicts_itself_is_said_in_words(given: Any, env: dict[str, str], text: str) -> None:
    assert text in refusal(given, **env)


def test_all_that_is_wrong_is_said_at_once(given: Any) -> None:
    table = {"profile": "hal", "profiles": {"#help": "hall"}, "agents": ["@ann"], "post_spacing": 600}
    lines = refusal(given, table, SLACK_BOT_TOKEN=BOT).splitlines()
    assert lines[0] == "Slack cannot be connected like this:"
    assert len(lines) == 6
    assert "  cuebook.toml, [slack]: there is no chat profile `hal`: did you mean `hall`?" in lines
    assert any("`#help` is not a channel's id" in line for line in lines)


def test_what_is_not_there_was_meant_to_be_something_else(given: Any) -> None:
    assert refusal(given, {"agent": []}) == (
        "cuebook.toml, [slack]: there is no setting `agent`, did you mean `agents`?"
    )
    assert refusal(given, []) == "cuebook.toml: `slack` is a table, written [slack]"
    assert refusal(given, {"agents": "U1"}).startswith("cuebook.toml, [slack]: `agents`: expected `array`")


def test_with_several_profiles_one_is_chosen(given: Any) -> None:
    several = {"hall": 1, "desk": 2}
    env = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}
    assert "say with which a direct message begins: `desk`, `hall`" in refusal(given, {}, several, **env)
    found = given({"profile": "desk", "profiles": {"C0HELP": "hall"}}, several, **env)
    assert (found.profile, found.profiles) == ("desk", {"C0HELP": "hall"})


def test_agents_are_people_of_any_or_of_one_workspace(given: Any) -> None:
    found = given({"agents": ["U0ANN", "T0DESK:W0BOB"]}, SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP)
    assert found.agents == {"U0ANN", "T0DESK:W0BOB"}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://slack.com/api/", []),
        ("http://127.0.0.1:4010/api/", ["127.0.0.1:4010"]),
        ("http://[::1]:4010/api/", ["[::1]:4010"]),
        ("http://localhost:4010/api/", ["127.0.0.1:4010", "[::1]:4010"]),
        ("http://slack:4010/api/", []),
    ],
)
def test_a_slack_beside_us_is_let_through_and_no_other(url: str, allowed: list[str]) -> None:
    assert allowance(SlackSettings(api_url=url)) == allowed
