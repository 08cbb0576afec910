"""Lines of the transcript as messages of Slack's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.blocks import Post
from adapters.slack.pointers import Pointers
from adapters.slack.render import answered, help_text, lines, menu
from bot.reception import Offer
from bot.rows import Message
from bot.runtime.wire import dump
from flows.effects import Choice, FormField
from tests.adapters.slack.hostile import HOSTILE, SHORT, TEXT
from tests.adapters.slack.strict import check_post, seen

POINTERS = Pointers(b"k" * 32)
LINE = Message(
    chat="c", seq=1, id="m", sender="bot", kind="message", text="Hello", prompt="", choices="[]", run="",
    created_at=0,
)  # fmt: skip
OFFERS = [
    Offer(kind="profile", id="helpdesk", name="IT <helpdesk>", description="Ask & get"),
    Offer(kind="runbook", id="reset-password", name="Reset password"),
]


def point(choice: Choice) -> str:
    return POINTERS.choice("c", "menu.1", choice.value)


def asked(*labels: str) -> str:
    return dump(msgspec.to_builtins([Choice(label=label, value=f"v{n}") for n, label in enumerate(labels)]))


def form(*fields: FormField) -> str:
    return msgspec.json.encode(fields).decode()


def shown(**more: Any) -> Post:
    (post,) = lines(msgspec.structs.replace(LINE, **more), point=point, form="FORM")
    check_post(post)
    return post


def elements(post: Post) -> list[dict[str, Any]]:
    return [one for block in post.blocks if block["type"] == "actions" for one in block["elements"]]


def test_words_are_shown_as_they_are() -> None:
    post = shown(text="*Hi* <!channel>\nsee https://a.test/x.")
    assert post.text == "*Hi* &lt;!channel&gt;\nsee https://a.test/x."
    assert post.blocks == [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "*Hi* <!channel>\nsee "},
                        {"type": "link", "url": "https://a.test/x", "text": "https://a.test/x"},
                        {"type": "text", "text": "."},
                    ],
                }
            ],
        }
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\0"])
def test_nothing_is_not_sent(text: str) -> None:
    assert lines(msgspec.structs.replace(LINE, text=text), point=point) == []


def test_a_persons_own_words_are_not_sent_back() -> None:
    assert lines(msgspec.structs.replace(LINE, sender="user"), point=point) == []


def test_few_choices_are_buttons() -> None:
    post = shown(text="Which?", choices=asked("Yes & no", "L" * 60), prompt="menu.1")
    assert [(one["type"], one["action_id"], one["text"]["text"]) for one in elements(post)] == [
        ("button", "cb:choose:1", "Yes &amp; no"),
        ("button", "cb:choose:2", "L" * 60),
    ]
    assert POINTERS.read(elements(post)[0]["value"]) is not None
    assert post.text == f"Which?\n1. Yes &amp; no\n2. {'L' * 60}"


def test_many_choices_are_buttons_while_they_are_short() -> None:
    assert len(elements(shown(choices=asked(*(f"Choice {n}" for n in range(25)))))) == 25
    (select,) = elements(shown(choices=asked(*(f"Choice {n}" for n in range(26)))))
    assert (select["type"], select["action_id"], len(select["options"])) == ("static_select", "cb:choose", 26)
    (select,) = elements(shown(choices=asked(*(f"A choice of some length {n}" for n in range(6)))))
    assert select["type"] == "static_select"
    assert POINTERS.read(select["options"][5]["value"]) is not None


def test_more_choices_than_a_list_takes_are_in_the_text() -> None:
    post = shown(choices=asked(*(f"A choice of some length {n}" for n in range(150))))
    assert len(elements(post)[0]["options"]) == 100
    assert "150. A choice of some length 149" in post.text


def test_a_label_that_is_cut_stands_whole_above() -> None:
    post = shown(choices=asked("L" * 90, "short"))
    assert elements(post)[0]["text"]["text"] == "L" * 74 + "…"
    assert f"1. {'L' * 90}\n2. short" in seen(post.blocks)


def test_equal_values_are_offered_once() -> None:
    """Slack refuses a list in which two entries have one value."""
    twice = dump([{"label": f"A label that is rather long {n}", "value": str(n // 2)} for n in range(20)])
    assert len(elements(shown(choices=twice))[0]["options"]) == 10


def test_equal_values_are_numbered_once() -> None:
    post = shown(text="Which?", choices=dump([{"label": label, "value": "v"} for label in ("A", "B")]))
    assert len(elements(post)) == 1
    assert post.text == "Which?\n1. A"


def test_a_choice_without_a_label_shows_its_value() -> None:
    assert elements(shown(choices='[{"label": " ", "value": "yes"}]'))[0]["text"]["text"] == "yes"


def test_a_form_has_a_button() -> None:
    post = shown(
        text="Who?",
        form=form(
            FormField(name="n", label="Name"), FormField(name="k", label="Kind", options=(Choice(label="A", value="a"),))
        ),
    )  # fmt: skip
    assert [(one["action_id"], one["value"]) for one in elements(post)] == [("cb:form", "FORM")]
    assert post.text == "Who?\n• Name\n• Kind (A)"


def test_one_field_is_answered_by_words_choices_or_a_form() -> None:
    secret = shown(text="Password?", form=form(FormField(name="p", label="Password", secret=True)))
    assert [one["text"]["text"] for one in elements(secret)] == ["Answer: Password…"]
    both = shown(choices=asked("A", "B"), form=form(FormField(name="k", label="K")))
    assert [one["action_id"] for one in elements(both)] == ["cb:choose:1", "cb:choose:2"]
    without = lines(msgspec.structs.replace(LINE, form=form(FormField(name="k", label="K"))), point=point)
    assert elements(without[0]) == []


def test_notes_and_agents_and_ends_look_different() -> None:
    note = shown(kind="note", text="50 %\ndone")
    assert note.blocks[0]["elements"][0]["type"] == "rich_text_quote"
    assert note.text == "▸ 50 %\ndone"
    assert seen(shown(sender="agent").blocks).startswith("Written by an agent\nHello")
    end = shown(kind="end", text="Bye")
    assert end.blocks[-1]["type"] == "context"
    assert end.text == "Bye\nThis chat has ended."
    assert "ended" in shown(kind="end", text="").text


def test_a_long_text_is_several_blocks() -> None:
    text = "\n".join(f"line {n} of the log" for n in range(400))
    post = shown(text=text)
    assert post.snippet is None
    assert len(post.blocks) > 1
    assert seen(post.blocks) == text
    assert max(len(seen(block)) for block in post.blocks) <= 3_000


def test_a_very_long_text_goes_on_in_a_file() -> None:
    text = "\n".join(f"line {n} of the log" for n in range(4_000))
    post = shown(text=text, choices=asked("Yes", "No"))
    assert post.snippet is not None
    assert post.snippet.content == text
    assert seen(post.blocks).startswith("line 0")
    assert "goes on in the attached file" in seen(post.blocks)
    assert len(elements(post)) == 2


def test_a_text_and_its_choices_share_the_room_of_a_message() -> None:
    """Slack: about 13,000 characters of all blocks together."""
    choices = asked(*(f"{'c' * 70} {n}" for n in range(50)))
    assert shown(text="word " * 2_300).snippet is None
    assert shown(text="word " * 2_300, choices=choices).snippet is not None


def test_an_answered_question_says_by_whom_and_cannot_be_pressed() -> None:
    post = shown(text="Which?", choices=asked("Yes", "No"), kind="message")
    done = answered([*post.blocks, {"type": "divider"}], post.text, "Yes <!here>", "ada <@U1>")
    check_post(done)
    assert elements(done) == []
    assert seen(done.blocks).endswith("✓ Yes <!here> — @ada <@U1>")
    assert done.text.endswith("2. No\n✓ Yes &lt;!here&gt; — @ada &lt;@U1&gt;")
    other = {"type": "actions", "elements": [{"type": "button", "action_id": "x"}]}
    assert answered([other, {"type": "actions"}], "", "Yes").blocks[0] == other


def test_an_answered_question_stays_within_the_room_of_a_message() -> None:
    post = shown(text="word " * 2_320, choices=asked("Yes", "No"))
    check_post(answered(post.blocks, post.text, "L" * 9_000, "n" * 9_000))


def test_what_may_be_begun_is_a_menu() -> None:
    post = menu(OFFERS, lambda offer: POINTERS.start(offer.kind, offer.id))
    check_post(post)
    assert [one["action_id"] for one in elements(post)] == ["cb:start:1", "cb:start:2"]
    assert POINTERS.read(elements(post)[1]["value"]) == ("start", "runbook", "reset-password")
    assert post.text == "What would you like?\n• IT &lt;helpdesk&gt;\n• Reset password"
    check_post(menu([], lambda offer: ""))
    many = [Offer(kind="runbook", id=f"r{n}", name=f"A runbook of some length {n}") for n in range(300)]
    check_post(menu(many, lambda offer: POINTERS.start(offer.kind, offer.id)))


def test_help_shows_what_this_person_may_do() -> None:
    post = help_text(OFFERS)
    check_post(post)
    assert "Reset password — /cuebook run reset-password" in post.text
    assert "IT &lt;helpdesk&gt; — /cuebook start helpdesk" in post.text
    nothing = help_text([])
    check_post(nothing)
    assert "nothing here that you may start" in nothing.text
    assert "Runbooks" not in nothing.text
    check_post(help_text([Offer(kind="runbook", id=f"r{n}", name="x" * 200) for n in range(300)]))


fields = st.builds(
    FormField,
    name=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    label=SHORT,
    type=st.sampled_from(["text", "integer", "number", "boolean", "date"]),
    options=st.lists(st.builds(Choice, label=SHORT, value=SHORT), max_size=4).map(tuple),
    secret=st.booleans(),
    hint=SHORT,
)
messages = st.builds(
    Message,
    chat=st.just("c"), seq=st.just(1), id=st.just("m"), sender=st.sampled_from(["bot", "agent", "user"]),
    kind=st.sampled_from(["message", "note", "end"]), text=TEXT, prompt=st.just("menu.1"),
    choices=st.lists(st.builds(Choice, label=TEXT, value=SHORT), max_size=60).map(
        lambda found: msgspec.json.encode([{"label": clean(one.label), "value": clean(one.value)} for one in found]).decode()
    ),
    run=st.just(""), created_at=st.just(0),
    form=st.lists(fields, max_size=6).map(
        lambda found: msgspec.json.encode([msgspec.structs.replace(
            one, label=clean(one.label), hint=clean(one.hint),
            options=tuple(Choice(label=clean(o.label), value=clean(o.value)) for o in one.options),
        ) for one in found]).decode()
    ),
)  # fmt: skip


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@given(messages)
def test_any_line_is_within_slacks_limits(message: Message) -> None:
    for post in lines(message, point=point, form="F"):
        check_post(post)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_line_is_markup(text: str) -> None:
    for kind in ("message", "note", "end"):
        for post in lines(msgspec.structs.replace(LINE, text=text, kind=kind), point=point):
            check_post(post)
    check_post(answered([], "", text, text))
