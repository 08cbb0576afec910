"""A project's folder: what is read, what is refused, and what is read again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from flows.errors import ProjectInvalid, UnknownDefinition
from flows.loader import compile_source, load_project, load_tests, read_project, read_tests
from flows.problems import render
from flows.project import Project
from flows.reading.nodes import Entries
from flows.source import Source
from tests.flows.checker.cases import GOOD, LATER
from tests.flows.marked import write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "desk", GOOD)
    return tmp_path / "desk"


def told(root: Path) -> list[str]:
    """The first line of every finding."""
    _, problems = read_project(root)
    return [render(problem).splitlines()[0] for problem in problems]


def test_a_project_holds_its_definitions_by_id(root: Path) -> None:
    project = load_project(root)
    assert list(project.profiles) == ["desk"]
    assert list(project.runbooks) == ["fix", "later"]
    assert list(project.connectors) == ["sys"]
    fix = project.find_runbook("fix")
    assert (fix.path, fix.document.id, fix.source) == (
        "runbooks/fix.yaml",
        "fix",
        (root / "runbooks/fix.yaml").read_text(),
    )
    assert fix.flow is not None
    assert fix.flow.hash == fix.hash
    assert project.connectors["sys"].flow is None
    assert [(kind, loaded.document.id) for kind, loaded in project.everything()] == [
        ("chat-profile", "desk"), ("runbook", "fix"), ("runbook", "later"), ("connector", "sys"),
    ]  # fmt: skip


def test_an_unknown_name_is_answered_with_the_nearest(root: Path) -> None:
    project = load_project(root)
    with pytest.raises(UnknownDefinition, match=r"there is no runbook `latr`, did you mean `later`\?"):
        project.find_runbook("latr")
    with pytest.raises(UnknownDefinition, match=r"there is no chat profile `zzz`$"):
        project.find_profile("zzz")
    with pytest.raises(UnknownDefinition, match="connector"):
        Project().find_connector("sys")


def test_a_bad_file_gives_no_project_and_every_finding_of_every_file(root: Path) -> None:
    (root / "runbooks/fix.yaml").write_text("kind: runbook\nid: fix\nsteps:\n- pase: 1s\n- end: maybe\n")
    (root / "profiles/desk.yaml").write_text(
        "kind: chat-profile\nid: desk\nflow:\n- say: $NOBODY\n  next: x\n"
    )
    with pytest.raises(ProjectInvalid) as raised:
        load_project(root)
    assert [(p.path, p.line, p.code) for p in raised.value.problems] == [
        ("profiles/desk.yaml", 4, "E105"), ("profiles/desk.yaml", 5, "E103"),
        ("runbooks/fix.yaml", 4, "E102"), ("runbooks/fix.yaml", 5, "E112"),
    ]  # fmt: skip
    assert "runbooks/fix.yaml:4:3: E102 `pase` is no kind of step, did you mean `pause`?" in str(raised.value)


def test_a_name_is_not_unknown_because_its_own_file_is_broken(root: Path) -> None:
    (root / "runbooks/fix.yaml").write_text("kind: runbook\nid: fix\nsteps: [\n")
    (root / "connectors/sys.yaml").write_text("kind: connector\n")
    assert told(root) == [
        "connectors/sys.yaml:1:1: E113 `base_url` is missing",
        "connectors/sys.yaml:1:1: E113 `id` is missing, it is the file's name",
        "connectors/sys.yaml:1:1: E113 `methods` is missing",
        "runbooks/fix.yaml:4:1: E002 a value is missing here, is a bracket not closed?",
    ]


def test_warnings_stop_nothing_and_come_along(root: Path) -> None:
    (root / "profiles/desk.yaml").write_text("kind: chat-profile\nid: desk\nflow:\n- say: Hi\n")
    project = load_project(root)
    assert [(problem.code, problem.severity) for problem in project.warnings] == [("W212", "warning")]


def test_a_folder_without_anything_is_no_project(tmp_path: Path) -> None:
    assert told(tmp_path) == [
        ".:1:1: E001 there is no project here, write profiles/NAME.yaml, or begin with `cuebook init`"
    ]
    assert told(tmp_path / "nowhere")[0].startswith(".:1:1: E001")


def test_settings_are_plain_data(root: Path) -> None:
    assert load_project(root).settings == {}
    (root / "cuebook.toml").write_bytes(
        b'\xef\xbb\xbf[server]\r\nport = 8080\r\n[[dev.services]]\r\nname = "x"\r\n'
    )
    assert load_project(root).settings == {"server": {"port": 8080}, "dev": {"services": [{"name": "x"}]}}


def test_broken_settings_are_told_with_their_place(root: Path) -> None:
    (root / "cuebook.toml").write_text("[server]\nport = = 1\n")
    assert told(root) == ["cuebook.toml:2:8: E006 this is not TOML: Invalid value"]
    (root / "cuebook.toml").write_bytes(b"name = '\xff'")
    assert told(root) == ["cuebook.toml:1:1: E006 the file is not UTF-8, save it as UTF-8"]
    (root / "cuebook.toml").write_text("a = " + "[" * 5000)
    assert told(root)[0].startswith("cuebook.toml:1:1: E006 this is not TOML")


# --- names and places ----------------------------------------------------------------------


def test_the_id_is_the_files_name_and_the_kind_the_folders(root: Path) -> None:
    (root / "runbooks/later.yaml").rename(root / "runbooks/sooner.yaml")
    (root / "runbooks/chat.yaml").write_text((root / "profiles/desk.yaml").read_text())
    (root / "runbooks/Big One.yaml").write_text("kind: runbook\n")
    (root / "connectors/sys.yml").write_text((root / "connectors/sys.yaml").read_text())
    assert told(root) == [
        "connectors/sys.yml:1:1: E005 `sys` is there twice, the other is connectors/sys.yaml",
        "runbooks/Big One.yaml:1:1: E005 `Big One` is not a name, a file is named by its id: lower-case letters, digits, - and _",
        "runbooks/chat.yaml:1:7: E005 this is a chat-profile, in the folder of every runbook, move it to profiles/",
        "runbooks/sooner.yaml:2:5: E005 the id `later` is not the file's name, write `id: sooner`, or rename the file",
    ]


def test_hidden_files_and_other_files_are_not_read(root: Path) -> None:
    for name in (".fix.yaml", "fix.yaml~", "README.md", "#fix.yaml#"):
        (root / "runbooks" / name).write_text("{{{")
    assert told(root) == []


def test_a_file_that_leads_out_of_the_project_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(LATER)
    (root / "runbooks/secret.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "runbooks/passwd.yaml").symlink_to("/etc/passwd")
    (root / "runbooks/gone.yaml").symlink_to("nowhere.yaml")
    (root / "runbooks/loop.yaml").symlink_to("loop.yaml")
    (root / "cuebook.toml").symlink_to("/etc/hostname")
    assert told(root) == [
        "cuebook.toml:1:1: E001 this leads out of the project, put the file itself there",
        "runbooks/gone.yaml:1:1: E001 the file cannot be read: No such file or directory",
        "runbooks/loop.yaml:1:1: E001 the file cannot be read: Too many levels of symbolic links",
        "runbooks/passwd.yaml:1:1: E001 this leads out of the project, put the file itself there",
        "runbooks/secret.yaml:1:1: E001 this leads out of the project, put the file itself there",
    ]


def test_a_folder_that_leads_out_of_the_project_is_refused(root: Path, tmp_path: Path) -> None:
    shutil.move(root / "connectors", tmp_path / "connectors")
    (root / "connectors").symlink_to(tmp_path / "connectors")
    assert told(root)[0] == "connectors:1:1: E001 this leads out of the project, put the folder itself there"


def test_a_link_within_the_project_is_a_file(root: Path) -> None:
    (root / "shared").mkdir()
    (root / "runbooks/later.yaml").rename(root / "shared/later.yaml")
    (root / "runbooks/later.yaml").symlink_to("../shared/later.yaml")
    assert told(root) == []


def test_devices_pipes_and_folders_are_not_read(root: Path) -> None:
    os.mkfifo(root / "runbooks/pipe.yaml")  # would block whoever opens it and waits
    (root / "runbooks/folder.yaml").mkdir()
    (root / "runbooks/zero.yaml").symlink_to("/dev/zero")
    (root / "connectors/x").write_text("")
    assert told(root) == [
        "runbooks/folder.yaml:1:1: E001 the file cannot be read: Is a directory",
        "runbooks/pipe.yaml:1:1: E001 this is not a file, only plain files are read",
        "runbooks/zero.yaml:1:1: E001 this leads out of the project, put the file itself there",
    ]


def test_a_file_that_may_not_be_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = os.open

    def refusing(path: Path, flags: int) -> int:
        if path.name == "later.yaml":  # the superuser, who may run this test, is refused nothing
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, flags)

    monkeypatch.setattr("flows.loader.os.open", refusing)
    assert told(root) == ["runbooks/later.yaml:1:1: E001 the file cannot be read: Permission denied"]


def test_what_is_a_file_where_a_folder_belongs_is_told(root: Path) -> None:
    shutil.rmtree(root / "connectors")
    (root / "connectors").write_text("x")
    assert told(root)[0] == "connectors:1:1: E001 the folder cannot be read: Not a directory"


def test_more_files_than_the_limit_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.loader.MAX_FILES", 2)
    assert told(root) == []
    (root / "runbooks/more.yaml").write_text(LATER)
    assert told(root)[0] == "runbooks:1:1: E003 more than 2 files, make several projects of it"


# --- reading again -------------------------------------------------------------------------


def test_an_unchanged_file_is_not_parsed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_project(root)
    (root / "runbooks/later.yaml").write_text((root / "runbooks/later.yaml").read_text().replace("1m", "2m"))
    parsed: list[str] = []
    compose = Source._compose

    def watched(source: Source) -> Entries:
        parsed.append(source.path)
        return compose(source)

    monkeypatch.setattr(Source, "_compose", watched)
    after = load_project(root, before)
    assert parsed == ["runbooks/later.yaml"]
    assert after.runbooks["fix"] is before.runbooks["fix"]
    assert after.runbooks["later"].hash != before.runbooks["later"].hash


def test_an_unchanged_file_is_checked_against_the_changed_ones(root: Path) -> None:
    before = load_project(root)
    (root / "runbooks/fix.yaml").unlink()
    with pytest.raises(ProjectInvalid) as raised:
        load_project(root, before)
    assert [(p.path, p.code) for p in raised.value.problems] == [("profiles/desk.yaml", "E106")]


def test_a_changed_time_alone_changes_nothing(root: Path) -> None:
    before = load_project(root)
    os.utime(root / "runbooks/fix.yaml", (0, 0))
    assert load_project(root, before).runbooks["fix"] is before.runbooks["fix"]


# --- pinned definitions --------------------------------------------------------------------


def test_a_definition_comes_back_from_its_stored_text_with_the_same_hash(root: Path) -> None:
    for kind, loaded in load_project(root).everything():
        again = compile_source(kind, loaded.document.id, loaded.source, loaded.path)
        assert (again.hash, again.document, again.path) == (loaded.hash, loaded.document, loaded.path)
        assert (again.flow is None) == (kind == "connector")


def test_equal_texts_have_equal_hashes_and_a_comment_makes_another(root: Path) -> None:
    one, two = (compile_source("runbook", "later", dedent(LATER).lstrip() + end) for end in ("", "# x\n"))
    assert one.hash == load_project(root).runbooks["later"].hash
    assert one.hash != two.hash
    assert len(one.hash) == 32


def test_a_stored_text_that_no_longer_fits_is_refused_with_its_findings() -> None:
    with pytest.raises(ProjectInvalid, match="E102"):
        compile_source("runbook", "x", "kind: runbook\nid: x\nsteps: [{pase: 1s}]\n")
    with pytest.raises(UnknownDefinition, match="runbook"):
        compile_source("runbok", "x", "")


# --- tests ---------------------------------------------------------------------------------

TEST = """\
kind: test
profile: desk
cases:
  - name: hello
    as: {name: Kim, audience: agents}
    connectors:
      sys.get_user: {status: 404}
      sys.note: [{body: {a: 1}}, {error: no answer, delay: 3s}]
    talk:
      - bot: Which login?
      - user: kim
      - note: {contains: LOOKING}
      - wait: 2m
      - press: Yes
      - bot: {matches: '^Fix fail'}
    expect: {runs: [{runbook: fix, outcome: failure, result: {contains: failed}}], variables: {login: kim}, ended: true}
    exact: true
"""


def test_conversation_tests_are_read_with_their_places(root: Path) -> None:
    (root / "tests").mkdir()
    (root / "tests/hello.yaml").write_text(TEST)
    (loaded,) = load_tests(root, load_project(root))
    case = loaded.document.cases[0]
    assert (loaded.path, case.name, case.exact, case.who.audience) == (
        "tests/hello.yaml",
        "hello",
        True,
        "agents",
    )
    assert [stub.status for stub in case.connectors["sys.get_user"]] == [404]
    assert [(stub.body, stub.error, stub.delay) for stub in case.connectors["sys.note"]] == [
        ({"a": 1}, "", 0.0), (None, "no answer", 3.0),
    ]  # fmt: skip
    assert [type(item).__name__ for item in case.talk] == [
        "BotSays", "UserSays", "RunSays", "TimePasses", "UserPresses", "BotSays",
    ]  # fmt: skip
    assert loaded.place(0) == (4, 5)
    assert loaded.place(0, 3) == (13, 9)


def test_what_the_bot_must_say_may_be_equal_contained_or_matched(root: Path) -> None:
    (root / "tests").mkdir()
    (root / "tests/hello.yaml").write_text(TEST)
    said = [
        item
        for item in load_tests(root)[0].document.cases[0].talk
        if hasattr(item, "bot") or hasattr(item, "note")
    ]
    equal, contained, matched = (getattr(item, "bot", None) or item.note for item in said)  # type: ignore[union-attr]
    assert equal.accepts(" Which login?\n")
    assert not equal.accepts("which login?")
    assert contained.accepts("I am looking …")
    assert not contained.accepts("I looked")
    assert matched.accepts("Fix failed")
    assert not matched.accepts("No Fix failed")
    assert [str(wanted) for wanted in (equal, contained, matched)] == [
        "Which login?",
        "… LOOKING …",
        "/^Fix fail/",
    ]


def test_findings_in_tests_have_places_too(root: Path) -> None:
    (root / "tests").mkdir()
    (root / "tests/hello.yaml").write_text(
        TEST.replace("press: Yes", "pres: Yes").replace("error: no answer", "error: x, status: 5")
        .replace("{matches: '^Fix fail'}", "{matches: '(a', contains: b}").replace("wait: 2m", "wait: soon")
    )  # fmt: skip
    _, problems = read_tests(root)
    assert [render(problem).splitlines()[0] for problem in problems] == [
        "tests/hello.yaml:8:53: E112 this must be at least 100",
        "tests/hello.yaml:13:15: E112 `soon` is not a duration: write 30s, 10m, 2h or 1m30s",
        "tests/hello.yaml:14:9: E102 `pres` is no kind of step, did you mean `press`?",
        "tests/hello.yaml:15:14: E112 write a text, or {contains: …}, or {matches: …}",
    ]
    with pytest.raises(ProjectInvalid):
        load_tests(root)
