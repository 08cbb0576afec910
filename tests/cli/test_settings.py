"""Settings, the server's own keys, and what reaches the log."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from bot import logs
from bot.errors import SettingsError
from bot.keys import own_secret
from bot.settings import Settings, read_settings, variables


def test_the_environment_wins_over_the_file_and_an_option_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"port": 1000, "drain": 3.0}
    assert read_settings(None, table).port == 1000
    monkeypatch.setenv("PORT", "2000")
    assert read_settings(None, table).port == 2000
    monkeypatch.setenv("CUEBOOK_PORT", "3000")
    assert read_settings(None, table).port == 3000
    assert read_settings(None, table, port=4000).port == 4000
    assert read_settings(None, table, port=None).drain == 3.0


def test_lists_come_from_the_environment_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUEBOOK_ALLOW", "10.0.0.0/8, [::1]:8080,")
    assert read_settings(None, {"allow": ["127.0.0.1"]}).allow == ["10.0.0.0/8", "[::1]:8080"]
    assert read_settings(None, {"origins": ["https://a.example"]}).origins == ["https://a.example"]


def test_all_that_cannot_be_read_is_said_at_once_with_where_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("CUEBOOK_ZONE", "Mars")
    with pytest.raises(SettingsError) as refused:
        read_settings(None, {"runs_a_person": 0})
    lines = str(refused.value).splitlines()[1:]
    assert [line.split(":")[0].strip() for line in lines] == [
        "PORT",
        "CUEBOOK_ZONE",
        "[server] runs_a_person",
    ]
    assert "`Mars` is not a time zone: write one like Europe/Berlin" in lines[1]


def test_a_secret_that_cannot_be_read_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUEBOOK_SECRET_KEY", "open-sesame-4711")
    monkeypatch.setenv("PORT", "open-sesame-4712")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert "sesame" not in str(refused.value)
    monkeypatch.delenv("PORT")
    assert "sesame" not in repr(read_settings())


def test_state_is_in_the_project_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(tmp_path).database_url == f"sqlite://{tmp_path}/.cuebook/cuebook.db"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere.db")
    assert read_settings(tmp_path).database_url == "sqlite:///elsewhere.db"


def test_a_fresh_server_listens_to_this_machine_only() -> None:
    assert Settings().host == "127.0.0.1"
    assert Settings().operator_token is None
    assert Settings().secret_key is None


def test_every_setting_has_a_variable_with_our_prefix() -> None:
    for name in Settings.model_fields:
        assert variables(name)[0] == f"CUEBOOK_{name.upper()}"


# --- keys ------------------------------------------------------------------------------


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key = own_secret(folder, "secret-key")
    assert len(key) == 64
    assert own_secret(folder, "secret-key") == key
    assert own_secret(folder, "operator-token") != key
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["operator-token", "secret-key"]


@pytest.mark.parametrize("content", ["", "short\n", "ÿ" * 40])
def test_a_broken_key_file_never_becomes_a_key(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret-key").write_text(content, "utf-8")
    with pytest.raises(SettingsError, match="secret-key"):
        own_secret(tmp_path, "secret-key")


def test_two_servers_that_start_at_once_agree_on_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    link = os.link

    def later(source: Path, target: Path) -> None:
        target.write_text("x" * 64)  # the other was faster
        link(source, target)

    monkeypatch.setattr(os, "link", later)
    assert own_secret(tmp_path, "secret-key") == "x" * 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


# --- logs ------------------------------------------------------------------------------


Log = Callable[[], str]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """What went to stderr, while the logs are set up for real."""
    root = logging.getLogger()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    yield lambda: capsys.readouterr().err
    structlog.configure(**configured)
    root.handlers[:] = before
    root.setLevel(level)


def _fail() -> None:
    password = "open-sesame-4711"
    raise ValueError(f"bad {password}")


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_secret_is_masked_wherever_it_is_in_a_line(log: Log, style: str) -> None:
    logs.set_up("INFO", style, lambda text: text.replace("open-sesame-4711", "•••"))
    ours = structlog.get_logger()
    ours.info("said", plain="open-sesame-4711", nested={"deep": ["open-sesame-4711"]})
    logging.getLogger("library").warning("told %s", "open-sesame-4711")
    try:
        _fail()
    except ValueError:
        ours.exception("failed")
        logging.getLogger("library").exception("failed")
    said = log()
    assert "sesame" not in said
    assert said.count("•••") >= 5


def test_a_traceback_shows_no_local_variables(log: Log) -> None:
    logs.set_up("INFO", "text")
    try:
        _fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    said = log()
    assert "Traceback" in said
    assert "locals" not in said
    assert "password = 'open" not in said


def test_json_is_one_line_an_event_whatever_the_value(log: Log) -> None:
    logs.set_up("INFO", "json")
    structlog.get_logger().info("said", text='two\nlines "quoted" \x1b[31m', chat="c1")
    (line,) = log().splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["chat"]) == ("said", "info", "c1")
    assert entry["text"] == 'two\nlines "quoted" \x1b[31m'


def test_what_is_below_the_level_costs_no_line(log: Log) -> None:
    logs.set_up("WARNING", "json")
    structlog.get_logger().info("said")
    logging.getLogger("apscheduler").info("told")
    assert log() == ""
