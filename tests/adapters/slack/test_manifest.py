"""The manifest is what Slack takes, says what we need, and is the same in both spellings."""

from __future__ import annotations

import itertools
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from adapters.slack.manifest import EVENTS, as_json, as_yaml, manifest
from adapters.slack.scopes import AGENT, SCOPES, names
from tests.adapters.slack.manifest_rules import MANIFEST

URL = "https://bot.example.com"
EVERY = [
    {"name": name, "url": url, "agent": agent, "many": many}
    for name, url, agent, many in itertools.product(
        ("Cuebook", "x" * 35), ("", URL, f"{URL}/"), (False, True), (False, True)
    )
]


def read_yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(StringIO(text))


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_slack_takes_it(options: dict[str, Any]) -> None:
    made = manifest(**options)
    jsonschema.validate(made, MANIFEST)
    assert read_yaml(as_yaml(made)) == json.loads(as_json(made)) == made


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made["display_information"].update(name="x" * 36),
        lambda made: made["features"]["agent_view"]["suggested_prompts"].extend([{}] * 5),
        lambda made: made["features"].update(assistants={}),
        lambda made: made["settings"]["event_subscriptions"].update(request_url="bot.example.com"),
        lambda made: made["features"]["slash_commands"][0].update(command="cuebook"),
    ],
)
def test_the_rules_find_what_they_are_for(change: Any) -> None:
    made = manifest(url=URL, agent=True)
    change(made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, MANIFEST)


def test_over_http_everything_goes_to_one_address() -> None:
    made = manifest(url=f"{URL}/")
    assert made["settings"]["event_subscriptions"]["request_url"] == f"{URL}/slack/events"
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": f"{URL}/slack/events"}
    assert made["features"]["slash_commands"][0]["url"] == f"{URL}/slack/events"
    assert made["oauth_config"]["redirect_urls"] == [f"{URL}/slack/oauth_redirect"]
    assert made["settings"]["socket_mode_enabled"] is False


def test_socket_mode_has_no_address() -> None:
    made = manifest()
    assert made["settings"]["socket_mode_enabled"] is True
    assert "://" not in as_json(made)
    assert "url" not in as_json(made)


def test_it_asks_for_every_scope_that_we_know_a_use_for_and_no_other() -> None:
    assert manifest()["oauth_config"]["scopes"]["bot"] == names()
    assert manifest(agent=True)["oauth_config"]["scopes"]["bot"] == names((*SCOPES, *AGENT))
    assert {"users:read", "users:read.email", "chat:write"} <= set(names())


def test_each_event_has_the_scope_that_it_needs() -> None:
    needed = {
        "app_mention": "app_mentions:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "message.im": "im:history",
        "message.mpim": "mpim:history",
    }
    assert set(needed.values()) <= set(names())
    assert set(needed) <= set(EVENTS)


def test_the_agent_view_is_an_option() -> None:
    plain, agent = manifest(), manifest(agent=True)
    assert "agent_view" not in plain["features"]
    assert "assistant:write" not in as_json(plain)
    assert "agent_session_stopped" in agent["settings"]["event_subscriptions"]["bot_events"]


def test_shortcuts_are_those_that_we_listen_to() -> None:
    from adapters.slack import errands

    ids = [one["callback_id"] for one in manifest()["features"]["shortcuts"]]
    assert ids == ["cuebook_start", errands.ON_MESSAGE]


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029\ufeff")
)
VALUES = st.recursive(
    st.booleans() | WORDS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z_]{1,8}[a-z]", fullmatch=True), inner, min_size=1, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}[a-z]", fullmatch=True), VALUES, min_size=1, max_size=3))
def test_yaml_says_what_json_says(made: dict[str, Any]) -> None:
    reserved = {"null", "true", "false", "yes", "no", "on", "off"}
    if not reserved & set(json.dumps(made).split('"')):
        assert read_yaml(as_yaml(made)) == made


def test_the_page_for_operators_says_what_each_scope_is_for() -> None:
    page = (Path(__file__).parents[3] / "docs" / "slack.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w:.]+)` \| (.*) \| (.*?)(?: \(needed\))? \|$", page, re.MULTILINE)
    assert rows == [(one.name, one.what_for, one.without) for one in (*SCOPES, *AGENT)]
