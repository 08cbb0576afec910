"""`cuebook run`: one runbook from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call

USAGE = """\
The inputs of greet:
  -i name=…  Your name (text, required, like [A-Za-z]{1,20})
  -i times=…  times (integer, optional)
  -i tags=…  tags (list, optional)
"""
pytestmark = pytest.mark.usefixtures("project")


def test_the_result_is_on_stdout_and_the_steps_on_stderr(call: Call) -> None:
    said = call("run", "greet", "-i", "name=Ada")
    assert (said.code, said.out) == (0, "Hello Ada, no tags\n")
    assert said.err.splitlines() == [
        "Greet somebody (greet)",
        '  ✓ if-1               name "Ada" is "Nobody" → no',
        "  ■ somebody           success: Hello $name, ${tags:-no tags}",
    ]


def test_a_run_that_fails_ends_with_1(call: Call) -> None:
    said = call("run", "greet", "-i", "name=Nobody")
    assert (said.code, said.out) == (1, "There is nobody to greet\n")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([], "`Your name` is missing"),
        (["name"], "write an input as NAME=VALUE, not `name`"),
        (["nam=Ada"], "there is no input `nam`"),
        (["name=4711"], "`Your name`: `4711` does not have the right form"),
        (["name=Ada", "times=often"], "`times`: it must be a whole number"),
        (["name=Ada", "tags=a,b"], "`tags` is written as JSON"),
    ],
)
def test_inputs_are_checked_before_anything_begins(call: Call, given: list[str], complaint: str) -> None:
    words = [word for pair in given for word in ("-i", pair)]
    assert call("run", "greet", *words) == (2, "", f"error: {complaint}\n{USAGE}")


def test_lists_are_given_as_json(call: Call) -> None:
    said = call("run", "greet", "-i", "name=Ada", "-i", 'tags=["a", "b"]')
    assert said.out == 'Hello Ada, ["a", "b"]\n'


def test_a_value_may_hold_an_equals_sign(call: Call) -> None:
    said = call("run", "greet", "-i", "name=a=b")
    assert "`a=b` does not have the right form" in said.err


def test_a_misspelt_runbook_is_a_mistake_in_its_use(call: Call) -> None:
    assert call("run", "greed") == (2, "", "error: there is no runbook `greed`, did you mean `greet`?\n")


@pytest.mark.parametrize(("who", "may"), [("ada@example.com", False), ("anonymous", False), ("", True)])
def test_the_audience_decides_who_may(call: Call, who: str, may: bool) -> None:
    said = call("run", "order", "-i", "item=Chair", "--dry-run", *(["--as", who] if who else []))
    assert ("It would end in failure: Runbook failed: you may not start order." in said.err) is not may


def test_somebody_is_an_address_or_nobody(call: Call) -> None:
    said = call("run", "greet", "-i", "name=Ada", "--as", "ada")
    assert said.code == 2
    assert "`ada` is neither an address nor `anonymous`" in said.err


def test_json_is_the_whole_record(call: Call) -> None:
    record = call("run", "greet", "-i", "name=Ada", "--json").json
    assert (record["runbook"], record["outcome"], record["message"]) == (
        "greet", "success", "Hello Ada, no tags"
    )  # fmt: skip
    assert [(step["step"], step["because"]) for step in record["trace"]] == [
        ("if-1", 'name "Ada" is "Nobody" → no'), ("somebody", "")
    ]  # fmt: skip


def test_a_refused_run_has_a_record_too(call: Call) -> None:
    said = call("run", "order", "-i", "item=Chair", "--as", "anonymous", "--json")
    assert (said.code, said.json["message"]) == (1, "Runbook failed: you may not start order.")


def test_a_dry_run_shows_each_call_and_makes_none(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("SHOP_TOKEN", "open-sesame-4711")
    said = call("run", "order", "-i", "item=open-sesame-4711", "--dry-run")
    assert said.code == 0
    assert said.out == (
        "1. POST http://127.0.0.1:9/v1/orders\n"
        "     content-type: application/json\n"
        "     accept: application/json\n"
        "     authorization: Bearer •••\n"
        '     {"item":"•••"}\n'
    )
    assert "sesame" not in said.out


def test_a_dry_run_takes_no_time_and_says_what_it_assumed(call: Call) -> None:
    said = call("run", "order", "-i", "item=Chair", "--dry-run")
    assert "1. POST http://shop_url/orders\n" in said.out
    assert said.err == (
        "order (order)\n"
        "  ✓ pause-1            30s  30.0 s\n"
        "  ✓ call-1             shop.buy\n"
        '    ✓ if-1               name "Shop" is "Nobody" → no\n'
        "    ■ somebody           success: Hello $name, ${tags:-no tags}\n"
        "  ✓ runbook-1          greet: Hello Shop, no tags\n"
        "  ■ ordered            success: Ordered $item as ${number}\n"
        "It would end in success: Ordered Chair as\n"
        "Nothing was called. Each call was taken to answer 200 with an empty body, and pauses were "
        "skipped; with other answers the run may take another way.\n"
    )


def test_a_dry_run_can_be_read_by_a_program(call: Call) -> None:
    record = call("run", "order", "-i", "item=Chair", "--dry-run", "--json").json
    assert [(one["call"], one["method"], one["body"]) for one in record["calls"]] == [
        ("shop.buy", "POST", '{"item":"Chair"}')
    ]
    assert record["outcome"] == "success"


def test_what_a_call_lacks_is_said_with_the_way_out(call: Call, project: Path) -> None:
    (project / "cuebook.toml").write_text('[[dev.services]]\nname = "shop"\ncommand = ["shop"]\n', "utf-8")
    runbook = project / "runbooks" / "order.yaml"
    runbook.write_text(runbook.read_text("utf-8").replace("  - pause: 30s\n", ""), "utf-8")
    said = call("run", "order", "-i", "item=Chair")
    assert said.code == 1
    assert "needs the environment variable SHOP_URL, which is not set" in said.out
    assert said.err.endswith(
        "SHOP_URL, SHOP_TOKEN: not set. With --dev the services of cuebook.toml are started and set it.\n"
    )


def test_it_leaves_nothing_behind(call: Call, project: Path) -> None:
    before = sorted(project.rglob("*"))
    call("run", "greet", "-i", "name=Ada")
    call("run", "greet", "-i", "name=Ada", "--dry-run")
    assert sorted(project.rglob("*")) == before
