"""What Slack's payloads say, and that none of them can stop us."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import heard
from adapters.slack.heard import Access, Heard, Ours, Place, Uninstalled
from adapters.slack.mrkdwn import of_blocks, readable
from adapters.slack.translate import hear, hear_all
from bot.testing.slack.payloads import Ids, payloads
from flows.events import File
from tests.adapters.slack.samples import (
    COMMAND,
    FILE,
    OURS,
    SAMPLES,
    direct,
    event,
    message,
    press,
    pressed,
    rich,
)


def said(payload: Any, ours: Ours = OURS) -> Any:
    """What it says; its kind is compared where it matters."""
    return hear(payload, ours)


def sample(name: str) -> Any:
    return said(SAMPLES[name][0])


@pytest.mark.parametrize(("payload", "kind"), SAMPLES.values(), ids=SAMPLES)
def test_each_kind_of_payload_is_what_it_is(payload: dict[str, Any], kind: str) -> None:
    found = hear(payload, OURS)
    assert type(found).__name__ == kind, found
    if not isinstance(found, heard.Ignored):
        assert (found.team, bool(found.key)) == ("T1", True)


KINDS = {
    "app_mention": "Wrote", "app_mention shared": "Wrote", "message in assistant thread": "Wrote",
    "message with action token": "Wrote", "message reply": "Wrote", "message direct": "Wrote",
    "thread_broadcast": "Wrote", "message_changed": "Edited", "message_deleted": "Deleted",
    "app_home_opened": "OpenedHome", "app_home_opened messages": "OpenedHome",
    "assistant_thread_started": "OpenedHome", "app_uninstalled": "Uninstalled", "tokens_revoked": "Revoked",
    "reaction_added": "Reacted", "agent_session_stopped": "Stopped", "app_rate_limited": "Limited",
    "shortcut": "Shortcut", "message_action": "Shortcut", "view_closed": "Closed",
}  # fmt: skip
"""Of the payloads of the fake, those that say something by themselves."""
OURS_OF_FAKE = Ours(bot_user=Ids().bot, bot_id=Ids().bot_id, app=Ids().app)
FAMILIES = {"command": "Commanded", "block_actions": "Pressed", "view_submission": "Submitted"}


@pytest.mark.parametrize("name", payloads())
def test_each_payload_of_the_fake_is_what_it_is(name: str) -> None:
    found = hear(payloads()[name].body, OURS_OF_FAKE)
    kind = KINDS.get(name) or FAMILIES.get(name.split(maxsplit=1)[0], "Ignored")
    assert type(found).__name__ == kind, found
    assert found.external is (
        name in ("app_mention shared", "message shared", "view_submission connect", "url_verification")
    )


def test_no_two_payloads_of_the_fake_have_one_key() -> None:
    heard_all = [hear_all(payload.body, OURS_OF_FAKE) for payload in payloads().values()]
    found = [one.key for several in heard_all for one in several if not isinstance(one, heard.Ignored)]
    assert len(found) == len(set(found))


def test_an_utterance_has_one_key_whichever_way_it_comes() -> None:
    words, mention = (
        sample("message room mention"),
        said(event({**message("hey <@UBOT>"), "type": "app_mention"})),
    )
    assert words == mention
    assert words.key == "words:T1:C1:100.000200"


def test_a_redelivery_has_the_same_key_and_another_event_has_not() -> None:
    opened = SAMPLES["app_home_opened home"][0]
    assert said(opened).key == said(copy.deepcopy(opened)).key == "event:Ev1"
    assert said({**opened, "event_id": "Ev2"}).key == "event:Ev2"


def test_words_say_where_they_were_said() -> None:
    assert sample("message im").place == Place("D1", None, "im")
    assert sample("message im").direct
    assert sample("message thread").place == Place("C1", "90.1", "channel")
    assert not sample("message thread").mention
    assert sample("message mpim mention").place == Place("G1", None, "mpim")
    assert sample("app_mention").place == Place("C1", None, "channel")
    assert (sample("app_mention").mention, sample("app_mention").text) == (True, "reset")


@pytest.mark.parametrize(
    "kind",
    ["message by a bot", "message of ours", "message of ours bare", "app_mention by a bot", "bot_message"],
)
def test_bots_are_not_answered(kind: str) -> None:
    """Threat: two bots that answer each other never stop."""
    assert isinstance(sample(kind), heard.Ignored)


def test_a_bot_cannot_hide_in_a_changed_or_deleted_message() -> None:
    for subtype in ("message_changed", "message_deleted"):
        for place in ("message", "previous_message"):
            payload = copy.deepcopy(SAMPLES[subtype][0])
            payload["event"].setdefault(place, message())["bot_id"] = "BOTHER"
            if subtype == "message_changed" or place == "previous_message":
                assert isinstance(said(payload), heard.Ignored), (subtype, place)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),
        ("<@U2> and <@U3|bob>", "@U2 and @bob"),
        ("<#C1|ops> <#C2>", "#ops #C2"),
        ("<!here> <!channel|@channel> <!subteam^S1|@team> <!subteam^S2>", "@here @channel @team @S2"),
        ("<https://x.y/a?b=1&amp;c=2>", "https://x.y/a?b=1&c=2"),
        ("<https://x.y|x.y> <https://x.y|https://x.y>", "x.y https://x.y"),
        ("<https://evil.test|the bank>", "the bank (https://evil.test)"),
        ("<mailto:a@b.test|a@b.test> <tel:+49|+49>", "a@b.test +49"),
        ("<!date^1392734382^{date}|Feb 18> <!date^1^{x}>", "Feb 18"),
        (":smile: *bold* `code`", ":smile: *bold* `code`"),
        ("<@UBOT> hello", "hello"),
        ("<@UBOT>: hello", "hello"),
        ("<@UBOT|cue>,  hello", "hello"),
        ("hello <@UBOT>", "hello"),
        ("ask <@UBOT> now", "ask now"),
        ("one\n<@UBOT> two", "one\ntwo"),
        ("<>", ""),
        ("<|>", ""),
        ("a < b", "a < b"),
        ("<@UBOT>", ""),
    ],
)
def test_text_is_read_as_people_see_it(written: str, read: str) -> None:
    assert readable(written, without="UBOT") == read


def test_a_message_without_text_is_read_from_its_blocks() -> None:
    blocks = [
        rich(
            {"type": "user", "user_id": "UBOT"}, {"type": "text", "text": " a < b "}, {"type": "user", "user_id": "U2"},
            {"type": "emoji", "name": "tada"}, {"type": "link", "url": "https://x.y", "text": "y"},
            {"type": "broadcast", "range": "here"}, {"type": "channel", "channel_id": "C2"},
        ),
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]},
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]},
        ]}]},
    ]  # fmt: skip
    found = said(event(direct("", blocks=blocks)))
    assert found.text == "a < b @U2:tada:y (https://x.y)@here#C2\none\ntwo"


def test_somebody_with_a_longer_name_is_not_us() -> None:
    assert isinstance(said(event(message("<@UBOT2> hi"))), heard.Ignored)
    assert said(event(message("<@UBOT|cue> hi"))).text == "hi"


def test_a_mention_in_blocks_alone_is_one() -> None:
    blocks = [rich({"type": "user", "user_id": "UBOT"}, {"type": "text", "text": " hi"})]
    found = said(event(message("", blocks=blocks)))
    assert (found.mention, found.text) == (True, "hi")


def test_blocks_of_no_end_are_bounded() -> None:
    inner: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(200):
        inner = {"type": "rich_text_section", "elements": [inner]}
    assert of_blocks([{"type": "rich_text", "elements": [inner]}]) == ""
    wide = [rich(*[{"type": "text", "text": "x" * 100}] * 6_000)]
    assert len(of_blocks(wide)) <= 40_000


def test_files_come_along_within_bounds() -> None:
    assert sample("file_share").files == (
        File(name="log.txt", link="https://home.slack.com/files/F1", type="text/plain"),
    )
    many = said(event(direct(subtype="file_share", files=[FILE] * 21))).files
    assert len(many) == 20
    odd = [
        {"name": "n" * 300, "permalink": "https://x/" + "y" * 2_000},
        {},
        None,
        "x",
        {"name": 3, "title": "t"},
    ]
    assert said(event(direct(files=odd))).files == (File(name="n" * 255), File(name="file"), File(name="t"))


@pytest.mark.parametrize(
    ("inner", "more", "external"),
    [
        ({}, {}, False),
        ({"user_team": "T9"}, {}, True),
        ({"team": "T9"}, {}, True),
        ({"user_team": "E1"}, {}, False),
        ({"user_team": "E9"}, {}, True),
        ({"source_team": "T9", "team": "T1"}, {}, True),
        ({"team": None}, {"is_ext_shared_channel": True}, True),
        ({"team": None}, {"is_ext_shared_channel": False}, False),
        ({"user_profile": {"team": "T9"}, "team": None}, {}, True),
        ({"user_profile": {"is_restricted": True}}, {}, True),
        ({"user_profile": {"is_ultra_restricted": True}}, {}, True),
    ],
)
def test_who_is_not_of_this_workspace_is_a_stranger(inner: Any, more: Any, *, external: bool) -> None:
    """Threat: a guest, or a partner in a shared room, starts what the staff may start."""
    assert said(event(direct(**inner), **more)).external is external


def test_the_workspace_is_the_one_where_we_are_installed() -> None:
    shared = event(direct(team="T1"), team_id="T9", enterprise_id="E9")
    assert (said(shared).team, said(shared).enterprise, said(shared).external) == ("T1", "E1", False)
    connect = sample("view_submission connect")
    assert (connect.team, connect.external) == ("T1", True)


def test_an_organisation_wide_app_is_told_no_team() -> None:
    found = sample("block_actions org-wide")
    assert (found.team, found.enterprise, found.external) == ("T1", "E1", False)
    stranger = said(press(team=None, user={"id": "U9", "team_id": "T9"}))
    assert (stranger.team, stranger.external) == ("T1", True)
    assert said(press(team=None, enterprise=None)).external
    assert said(press(team=None, enterprise=None, user={"id": "U1"})).external


def test_a_stranger_who_presses_is_one() -> None:
    assert said(press(user={"id": "U9", "team_id": "T9"})).external
    assert not said(press()).external
    assert said({**COMMAND, "user_id": "U9"}).external is False


def test_a_press_says_what_it_carries_and_where() -> None:
    found = sample("block_actions")
    assert (found.action, found.pointer, found.label) == ("cb:choose:1", "POINTER", "Yes & no")
    assert (found.place, found.ts, found.text) == (Place("C1", None, "channel"), "50.1", "Which?")
    assert found.blocks[0]["type"] == "actions"
    assert found.response_url == "https://hooks.slack.com/actions/T1/1/x"
    assert sample("block_actions thread").place == Place("C1", "40.1", "channel")
    assert (sample("block_actions view").view, sample("block_actions view").place) == ("V1", None)
    chosen = sample("block_actions select")
    assert (chosen.pointer, chosen.label) == ("P2", "B")


def test_all_that_was_used_is_heard() -> None:
    """Slack: `actions` is a list, and what we are looking for need not be the first."""
    found = hear_all(press(pressed(action_id="other"), pressed(action_id="cb:form", value="P2")), OURS)
    assert [(one.action, one.pointer) for one in found if isinstance(one, heard.Pressed)] == [
        ("other", "POINTER"),
        ("cb:form", "P2"),
    ]
    assert len({one.key for one in found}) == 2


def test_two_presses_are_two_and_one_is_one() -> None:
    assert said(press()).key == said(press()).key
    others = [
        press(pressed(action_ts="9.8")), press(pressed(action_id="cb:choose:2")),
        press(user={"id": "U2", "team_id": "T1"}), press(container={"message_ts": "50.2", "channel_id": "C1"}),
    ]  # fmt: skip
    assert len({said(payload).key for payload in [press(), *others]}) == 5


def test_a_form_says_what_was_entered() -> None:
    found = sample("view_submission")
    assert found.values == {
        "name": "Ada <b>", "kind": "2", "day": "2026-01-31", "sure": "true", "count": "3", "some": ["a", "b"]
    }  # fmt: skip
    assert (found.callback, found.pointer, found.key) == ("cb:form", "POINTER", "view:V1:1.h")
    assert sample("view_submission response_urls").response_url == "https://hooks.slack.com/x"


def test_a_command_says_what_was_typed() -> None:
    found = sample("command")
    assert found.text == "run reset user=@bob note=a&b"
    assert (found.command, found.key) == ("/cuebook", "command:1.2.cmd")
    assert not found.external


def test_a_shortcut_of_a_message_brings_the_message() -> None:
    found = sample("message_action")
    assert (found.text, found.author, found.ts) == ("see <this> @U2", "U3", "100.000200")
    assert (found.domain, found.place) == ("home", Place("C1", None, "channel"))
    assert sample("shortcut").place is None


def test_the_rest_says_what_it_is_for() -> None:
    assert sample("message_changed").text == "new"
    assert sample("message_changed").before == "old"
    assert sample("message_deleted").ts == "100.000200"
    assert sample("reaction_added").ours
    assert sample("app_home_opened messages").tab == "messages"
    assert sample("assistant_thread_started").place == Place("D1", "3.3", "im")
    assert sample("agent_session_stopped").streams == ("4.4", "5.5")
    assert (sample("tokens_revoked").bots, sample("tokens_revoked").users) == (("UBOT",), ("U1",))
    assert sample("app_rate_limited").minute == 1518467820


def test_halves_of_characters_and_nul_are_gone() -> None:
    found = said(event(direct("a\0b\ud83dc")))
    assert found.text == "ab\ufffdc"
    found.text.encode()


@pytest.mark.parametrize(
    "payload", [None, [], "x", 3, {}, {"type": []}, {"type": "event_callback"}, {"event": 1}]
)
def test_what_is_no_payload_is_ignored(payload: Any) -> None:
    assert isinstance(hear(payload, OURS), heard.Ignored)


def test_an_id_that_is_none_is_no_id() -> None:
    """A cut id would be somebody else's."""
    odd: list[Any] = ["U" * 256, "U 1", "", 3, None, {}]
    for user in odd:
        assert isinstance(said(event(direct(user=user))), heard.Ignored)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def keys(found: Any) -> set[str]:
    if isinstance(found, dict):
        return set(found).union(*map(keys, found.values()))
    return set().union(*map(keys, found)) if isinstance(found, list) else set()


KEYS = sorted(set().union(*(keys(payload) for payload, _ in SAMPLES.values())))
known = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=4)
    | st.sampled_from(["message", "U1", "T1", "C1", "1.2", *KEYS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


def check(payload: Any) -> None:
    found = hear_all(payload, OURS)
    assert found
    for one in found:
        assert isinstance(one, heard.Deed)
        assert len(one.key) < 1_100
        for text in (one.key, one.team, one.user, getattr(one, "text", "")):
            assert isinstance(text, str)
            text.encode()
            assert "\0" not in text


@settings(max_examples=200)
@given(anything)
def test_no_json_makes_it_raise(payload: Any) -> None:
    check(payload)


@settings(max_examples=150)
@given(st.sampled_from(sorted(SAMPLES)), known)
def test_no_json_of_slacks_words_makes_it_raise(name: str, noise: Any) -> None:
    payload = SAMPLES[name][0]
    check({**payload, **noise} if isinstance(noise, dict) else payload)
    check({**payload, "event": noise})
    check({**payload, "view": noise, "message": noise, "actions": [noise]})


def altered(found: Any, data: st.DataObject) -> Any:
    """`found` with one thing in it gone or another."""
    if isinstance(found, dict) and found and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(found)))
        return {**found, key: altered(found[key], data)}
    if isinstance(found, list) and found and data.draw(st.integers(0, 3)):
        index = data.draw(st.integers(0, len(found) - 1))
        return [*found[:index], altered(found[index], data), *found[index + 1 :]]
    return data.draw(anything | st.sampled_from([[], {}, [None], [[]], {"type": None}, "", "\ud800"]))


ALL = {
    **{name: payload for name, (payload, _) in SAMPLES.items()},
    **{f"fake {n}": p.body for n, p in payloads().items()},
}


@settings(max_examples=200)
@given(st.sampled_from(sorted(ALL)), st.data())
def test_no_altered_payload_makes_it_raise(name: str, data: st.DataObject) -> None:
    payload: Any = ALL[name]
    for _ in range(data.draw(st.integers(1, 3))):
        payload = altered(payload, data)
        if not isinstance(payload, dict):
            break
    check(payload)


def paths(found: Any) -> list[tuple[Any, ...]]:
    if isinstance(found, dict | list):
        inside = found.items() if isinstance(found, dict) else enumerate(found)
        return [path for key, one in inside for path in [(key,), *((key, *more) for more in paths(one))]]
    return []


OTHERS: list[Any] = [None, [], {}, "", 3, True, [None], [[]], {"x": None}, "\ud800", ...]


@pytest.mark.parametrize("name", SAMPLES)
def test_each_part_of_a_payload_may_be_missing_or_of_another_kind(name: str) -> None:
    payload = SAMPLES[name][0]
    for path in paths(payload):
        for other in OTHERS:
            twisted = copy.deepcopy(payload)
            inner: Any = twisted
            for key in path[:-1]:
                inner = inner[key]
            if other is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = other
            check(twisted)


def test_the_samples_are_json() -> None:
    assert json.loads(json.dumps([payload for payload, _ in SAMPLES.values()]))


def test_an_uninstall_says_when_and_access_says_for_whom() -> None:
    def told(event: dict[str, Any]) -> Heard:
        payload = {"type": "event_callback", "team_id": "T1", "event_time": 1_700_000_000, "event": event}
        return hear(payload, Ours())

    gone = told({"type": "app_uninstalled"})
    assert isinstance(gone, Uninstalled)
    assert gone.at == 1_700_000_000_000
    barred = told({"type": "team_access_revoked", "team_ids": ["T2", "T3", 4]})
    assert isinstance(barred, Access)
    assert (barred.teams, barred.granted) == (("T2", "T3"), False)
