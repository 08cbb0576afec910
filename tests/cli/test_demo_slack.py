"""`cuebook demo --slack`: what typed lines mean, what is shown, whose Slack it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from bot.cli.slack_demo import beside, forget_real_slack, secret
from bot.demo.slack_acts import (
    Command,
    Delete,
    Edit,
    Go,
    Help,
    Press,
    Quit,
    Say,
    Shortcut,
    Unclear,
    at_once,
    meaning,
    mentioned,
)
from bot.demo.slack_board import Board
from bot.demo.slack_form import Filling
from bot.demo.slack_rows import Entry, Numbers, Usable, aside, message, used
from bot.demo.slack_town import Town
from bot.settings import read_settings
from bot.testing.slack.things import Blocks, Json, Message, View
from tests.cli.conftest import Call


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("", None),
        ("  \0 ", None),
        ("j.doe", Say("j.doe")),
        ("2", Press(2)),
        ("1002", Say("1002")),
        ("/say 2", Say("2")),
        ("/press Yes, please", Press(label="Yes, please")),
        ("/twice 1", Press(1, times=2)),
        ("/cuebook", Command("")),
        ("/cuebook run unlock-account login=j.doe", Command("run unlock-account login=j.doe")),
        ("/edit j.smith", Edit("j.smith")),
        ("/delete", Delete()),
        ("/home", Go("home")),
        ("/channel", Go("channel")),
        ("/direct", Go("direct")),
        ("/thread 3", Go("thread", 3)),
        ("/shortcut", Shortcut()),
        ("/help", Help()),
        ("/quit", Quit()),
        ("/thread one", Unclear("/thread takes a number.")),
        ("/edit", Unclear("/edit takes words.")),
        ("/quit now", Unclear("/quit stands alone.")),
        ("/cueball", Unclear("/cueball is no command here; /help shows those that are. /say says it.")),
    ],
)
def test_a_line_means_an_act(line: str, act: object) -> None:
    assert meaning(line, numbers=(1, 2)) == act


def test_a_line_of_a_play_may_be_in_a_hurry() -> None:
    assert at_once(" /now are you there? ") == ("are you there?", True)
    assert at_once("/nowhere") == ("/nowhere", False)


def test_who_is_called_by_name_is_mentioned() -> None:
    assert mentioned("@cuebook hi, @Cuebooks and a@Cuebook", "Cuebook", "U1") == (
        "<@U1> hi, @Cuebooks and a@Cuebook"
    )


# --- numbers -----------------------------------------------------------------------------


def _buttons(where: str, *labels: str) -> list[Usable]:
    return [Usable(where, f"a{number}", "", label) for number, label in enumerate(labels)]


def _given(numbers: Numbers) -> dict[int, str]:
    return {number: one.label for number, one in sorted(numbers.usable.items())}


def test_a_button_keeps_its_number_while_nobody_acts() -> None:
    numbers, menu, card = Numbers(), _buttons("1", "Yes", "No"), _buttons("2", "Cancel")
    numbers.see([menu])
    numbers.see([menu, card])
    assert _given(numbers) == {1: "Yes", 2: "No", 3: "Cancel"}
    numbers.see([card])
    assert _given(numbers) == {3: "Cancel"}


def test_a_new_question_begins_with_one_and_an_older_button_makes_room() -> None:
    numbers, card, menu = Numbers(), _buttons("1", "Cancel"), _buttons("2", "Yes", "No")
    numbers.see([card])
    numbers.acted()
    numbers.see([card, menu])
    assert _given(numbers) == {1: "Yes", 2: "No", 3: "Cancel"}
    assert numbers.labelled("cancel") == 3


def test_the_newest_of_equal_labels_is_meant() -> None:
    numbers = Numbers()
    numbers.see([_buttons("1", "Start"), _buttons("2", "Start")])
    assert (numbers.labelled("[Start]"), numbers.labelled("Stop")) == (2, 0)


# --- rows --------------------------------------------------------------------------------

BLOCKS: Blocks = [
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "Looking\x1b[2J up"}]}
        ],
    },
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}},
            {
                "type": "static_select",
                "action_id": "list",
                "options": [
                    {"text": {"type": "plain_text", "text": "One"}, "value": "1"},
                    {"text": {"type": "plain_text", "text": "Two"}, "value": "2"},
                ],
            },
        ],
    },
]


async def test_a_message_is_shown_with_numbers_before_what_can_be_used() -> None:
    async with Town.open("Jamie Fox") as town:
        home = town.fake.workspace
        said = Message(
            "1.000001", town.direct, home.bot, "Looking up", bot_id=home.bot_id, blocks=BLOCKS,
            seen_by=town.me.id,
        )  # fmt: skip
        town.fake.world.add(said)
        (shown,) = town.seen(town.direct)
        numbers = Numbers()
        numbers.see([used(shown.ts, BLOCKS)])
        entry = message(shown, numbers, town.fake.world.name_of, own=False, label="#1 ")
    assert [row.plain for row in entry.rows] == [
        "#1 Cuebook (only you see this): | Looking·[2J up",
        "  [1] Go",
        "  [2] One",
        "  [3] Two",
    ]
    assert entry.again[0].plain == "#1 Cuebook (only you see this, edited): | Looking·[2J up"


# --- the board ---------------------------------------------------------------------------


def _entry(key: str, mark: str = "", height: int = 1) -> Entry:
    rows = tuple(Text(f"{key}{mark}") for _ in range(height))
    return Entry(key, key, mark, rows, tuple(Text(f"{row.plain} edited") for row in rows))


def _turn(board: Board, entries: Sequence[Entry], room: int) -> tuple[list[str], list[str]]:
    turn = board.turn(entries, room, lambda row: [row])
    return [row.plain for row in turn.stays], [row.plain for row in turn.below]


def test_paper_shows_everything_once_and_what_changes_again() -> None:
    board = Board(paper=True)
    assert _turn(board, [_entry("a"), _entry("b")], 0) == (["a", "b"], [])
    assert _turn(board, [_entry("a"), _entry("b")], 0) == ([], [])
    did, said = aside("b2", "Jamie presses"), _entry("c")
    assert _turn(board, [_entry("a", "!"), _entry("b"), did, said], 0) == (
        ["* Jamie presses", "a! edited", "c"],
        [],
    )


def test_on_paper_a_whisper_comes_before_what_all_see_but_after_the_act() -> None:
    whisper = _entry("d")._replace(whisper=True)
    act = _entry("b")._replace(own=True)
    assert _turn(Board(paper=True), [_entry("a"), act, _entry("c"), whisper], 0)[0] == ["a", "b", "d", "c"]
    assert _turn(Board(), [_entry("a"), act, _entry("c"), whisper], 0)[0] == ["a", "b", "c", "d"]


def test_a_screen_draws_anew_what_has_room_and_lets_go_of_the_oldest() -> None:
    board = Board()
    assert _turn(board, [_entry("a"), _entry("b")], 2) == ([], ["a", "b"])
    assert _turn(board, [_entry("a", "!"), _entry("b")], 2) == ([], ["a!", "b"])
    assert _turn(board, [_entry("a", "!"), _entry("b"), _entry("c", height=2)], 2) == (
        ["a!", "b"],
        ["c", "c"],
    )
    assert _turn(board, [_entry("a", "?"), _entry("b"), _entry("c", height=2)], 3) == (
        [],
        ["a? edited", "c", "c"],
    )
    board.forget()
    assert _turn(board, [_entry("a", "?")], 2) == ([], ["a?"])


# --- forms -------------------------------------------------------------------------------


def _input(name: str, element: Json, **more: Any) -> Json:
    label = {"type": "plain_text", "text": name.title()}
    return {"type": "input", "block_id": name, "label": label, "element": element, **more}


def _hint() -> str:
    from adapters.slack.forms import modal
    from flows.effects import FormField

    field = FormField(name="pin", label="Pin", secret=True)
    hint: str = modal("", [field], "")["blocks"][0]["hint"]["text"]
    return hint


async def test_a_form_is_asked_field_by_field() -> None:
    city = [{"text": {"type": "plain_text", "text": name}, "value": name[0]} for name in ("Rome", "Oslo")]
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Tell *me*"}},
        _input("city", {"type": "static_select", "options": city}),
        _input("pin", {"type": "plain_text_input"}, hint={"type": "plain_text", "text": _hint()}),
        _input("note", {"type": "plain_text_input", "initial_value": "none"}, optional=True),
    ]
    async with Town.open("Jamie") as town:
        body = {"type": "modal", "title": {"type": "plain_text", "text": "Order"}, "blocks": blocks}
        view = View("V1", body, town.me, "h1", town.fake.workspace)
    filling = Filling(view, secret())
    assert filling.opening(str)[:2] == ["= Order =", "Tell me"]
    assert filling.question() == ["City:", "  [1] Rome", "  [2] Oslo"]
    assert filling.take("Paris") == "Choose by number or by name."
    assert filling.take("") == "“City” must be filled in."
    assert filling.take("2") == ""
    assert filling.wants is not None
    assert filling.wants.secret
    assert filling.take("4711") == ""
    assert filling.question() == ["Note: [none]"]
    assert filling.take("") == ""
    assert not filling.question()
    assert filling.values == {"city": "Oslo", "pin": "4711"}
    filling.again({"pin": "too short"})
    assert filling.said({"pin": "too short", "": "try again"}) == ["! Pin: too short", "! try again"]
    assert filling.wants.name == "pin"


# --- whose Slack -------------------------------------------------------------------------


def test_variables_of_a_real_slack_are_taken_out_of_the_environment() -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-real", "CUEBOOK_SLACK_APP_TOKEN": "xapp-real", "PATH": "/bin"}
    forget_real_slack(environ)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize("sockets", [False, True])
async def test_the_settings_know_the_fake_slack_alone(sockets: bool, tmp_path: Path) -> None:
    real: dict[str, Any] = {f"slack_{name}": "real" for name in ("bot_token", "app_token", "signing_secret", "client_id",
                                                 "client_secret", "api_url")}  # fmt: skip
    async with Town.open("Jamie") as town:
        settings = beside(read_settings(None, None, **real), town.fake, tmp_path, sockets=sockets)
        assert "real" not in repr([getattr(settings, name) for name in real])
        assert settings.slack_api_url == town.fake.url
        assert bool(settings.slack_app_token) is sockets
        assert bool(settings.slack_signing_secret) is not sockets
        assert str(tmp_path) in settings.database_url


def test_options_about_slack_want_slack(call: Call) -> None:
    for words in (["--socket-mode"], ["--play"], ["--as", "Robin"]):
        said = call("demo", *words)
        assert said.code == 2
        assert "add --slack" in said.err


def test_a_person_has_a_name(call: Call) -> None:
    assert call("demo", "--slack", "--as", " ").code == 2
