"""Workspaces that installed the app themselves: whose token, renewed when, forgotten when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from adapters.slack.renewing import AHEAD, EVERY, SOON
from adapters.slack.sealing import Seal, SealBroken, Tokens, Vault
from adapters.slack.workspaces import SlackAuthorize
from bot.errors import RetryLater
from bot.rows import OneTime, Workspace
from bot.testing.clock import FakeClock
from bot.testing.slack import Fault, broken, cut, limited, refused, silent, took_it_then_cut
from tests.adapters.slack.house import KEY, Process, house

HOURS = 3600
LIFE = 12 * HOURS
ACCESS = "oauth.v2.access"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def us(clock: FakeClock) -> AsyncIterator[Process]:
    async with house(clock) as (process,):
        yield process


def to_the_end_of_its_life(us: Process) -> None:
    us.clock.move_to(us.clock.now() + LIFE * 1000)


async def token_of(us: Process, enterprise: str = "", team: str = "", **more: Any) -> str | None:
    grant = await us.workspaces.current(enterprise, team or us.slack.workspace.id, **more)
    return str(grant.token) if grant else None


# --- whose token -------------------------------------------------------------------------


async def test_a_workspace_that_did_not_install_it_has_no_token(us: Process) -> None:
    await us.install()
    assert await token_of(us, team="T0STRANGER") is None
    assert await us.workspaces.current("", "") is None


async def test_who_we_are_there_is_known(us: Process) -> None:
    await us.install()
    grant = await us.workspaces.current("", us.slack.workspace.id)
    assert grant is not None
    home = us.slack.workspace
    assert (grant.team, grant.bot_id, grant.bot_user, grant.org) == (home.id, home.bot_id, home.bot, False)
    assert grant.scopes == {"chat:write", "commands"}
    assert home.token not in repr(grant)


async def test_a_new_installation_counts_at_once(us: Process) -> None:
    await us.install()
    before = await token_of(us)
    await us.install()
    assert await token_of(us) == us.slack.workspace.token != before


async def test_another_process_sees_a_new_installation_soon(clock: FakeClock) -> None:
    async with house(clock, 2) as (one, two):
        await one.install()
        before = await token_of(two)
        await one.install()
        assert await token_of(two) == before
        clock.move_to(clock.now() + 30_000)
        assert await token_of(two) == one.slack.workspace.token


async def test_a_token_that_slack_does_not_take_is_looked_up_again(clock: FakeClock) -> None:
    async with house(clock, 2) as (one, two):
        await one.install()
        grant = await two.workspaces.current("", one.slack.workspace.id)
        assert grant is not None
        await one.install()
        two.workspaces.distrust(grant)
        assert await token_of(two) == one.slack.workspace.token


async def test_what_was_read_before_a_change_is_not_kept_after_it(
    us: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await us.install()
    read, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(row: Workspace) -> Workspace:
        read.set()
        await go_on.wait()
        return row

    with monkeypatch.context() as slow:
        slow.setattr(us.renewals, "fresh", slowly)
        reading = asyncio.ensure_future(token_of(us))
        await read.wait()
        await us.workspaces.forget("", us.slack.workspace.id)
        go_on.set()
        assert await reading is not None
    assert await token_of(us) is None


async def test_what_is_kept_is_not_kept_past_the_time_to_renew(us: Process, clock: FakeClock) -> None:
    await us.install()
    clock.move_to(clock.now() + LIFE * 1000 - SOON - 1)
    old = await token_of(us)
    clock.move_to(clock.now() + 1)
    assert await token_of(us) == us.slack.workspace.token != old


# --- organisations -----------------------------------------------------------------------


async def test_an_organisation_installs_it_for_its_workspaces(us: Process) -> None:
    await us.install(id="slack:E0ORG", team="", enterprise="E0ORG")
    for team in ("T0ONE", "T0TWO"):
        grant = await us.workspaces.current("E0ORG", team)
        assert grant is not None
        assert (grant.team, grant.org) == (team, True)
    everywhere = await us.workspaces.current("E0ORG", "", enterprise_install=True)
    assert everywhere is not None
    assert everywhere.team == ""
    assert await us.workspaces.current("E0OTHER", "T0ONE") is None
    assert await us.workspaces.current("", "T0ONE") is None


async def test_a_workspace_of_its_own_comes_first_unless_the_organisation_is_meant(us: Process) -> None:
    home = us.slack.workspace
    await us.install(enterprise="E0ORG")
    own = home.token
    await us.install(id="slack:E0ORG", team="", enterprise="E0ORG")
    assert await token_of(us, "E0ORG") == own
    assert await token_of(us) == own
    assert await token_of(us, "E0ORG", enterprise_install=True) == home.token != own


async def test_an_organisation_says_in_which_workspaces_it_may_act(us: Process) -> None:
    await us.install(id="slack:E0ORG", team="", enterprise="E0ORG")
    await us.workspaces.bar("E0ORG", "T0ONE")
    assert await us.workspaces.current("E0ORG", "T0ONE") is None
    assert await us.workspaces.current("E0ORG", "T0TWO") is not None
    await us.workspaces.admit("E0ORG", "T0ONE")
    assert await us.workspaces.current("E0ORG", "T0ONE") is not None
    assert await us.workspaces.current("", "T0ONE") is not None, "its organisation is known from then on"


# --- removal -----------------------------------------------------------------------------


async def test_after_an_uninstall_nothing_of_the_token_is_left(us: Process) -> None:
    await us.install()
    assert await token_of(us) is not None
    await us.workspaces.forget("", us.slack.workspace.id)
    assert await token_of(us) is None
    row = await us.row(us.slack.workspace.id)
    assert (row.state, row.tokens, row.expires_at) == ("removed", "", 0)


async def test_an_old_uninstall_does_not_undo_a_new_installation(us: Process, clock: FakeClock) -> None:
    removed_at = clock.now()
    clock.move_to(removed_at + 1)
    await us.install()
    await us.workspaces.forget("", us.slack.workspace.id, at=removed_at)
    assert await token_of(us) is not None
    await us.workspaces.forget("", us.slack.workspace.id, at=removed_at + 2)
    assert await token_of(us) is None


async def test_a_workspace_leaves_its_organisation_s_installation_alone(us: Process) -> None:
    await us.install(id="slack:E0ORG", team="", enterprise="E0ORG")
    await us.workspaces.forget("E0ORG", "T0ONE")
    assert await us.workspaces.current("E0ORG", "T0ONE") is None
    assert await us.workspaces.current("E0ORG", "T0TWO") is not None
    await us.workspaces.forget("E0ORG", "T0ONE", enterprise_install=True)
    assert await us.workspaces.current("E0ORG", "T0TWO") is None


async def test_forgetting_what_nobody_knows_is_fine(us: Process) -> None:
    await us.workspaces.forget("", "T0STRANGER")
    assert await us.store.find(Workspace) == []


# --- renewal -----------------------------------------------------------------------------


async def test_fifty_events_at_the_end_of_a_token_s_life_renew_it_once(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    tokens = await asyncio.gather(*(token_of(us) for _ in range(50)))
    assert len(us.slack.called(ACCESS)) == 1
    assert set(tokens) == {us.slack.workspace.token}
    assert (await us.row(us.slack.workspace.id)).version == 2


async def test_two_processes_renew_it_once(clock: FakeClock) -> None:
    async with house(clock, 2) as (one, two):
        await one.install()
        old = one.slack.workspace.token
        clock.move_to(clock.now() + LIFE * 1000 - SOON)
        tokens = await asyncio.gather(*(token_of(us) for us in (one, two) for _ in range(25)))
        assert len(one.slack.called(ACCESS)) == 1
        assert set(tokens) <= {old, one.slack.workspace.token}
        clock.move_to(clock.now() + SOON)
        assert {await token_of(us) for us in (one, two)} == {one.slack.workspace.token}
        assert len(one.slack.called(ACCESS)) == 1


async def test_past_its_end_the_process_that_does_not_renew_says_to_wait(clock: FakeClock) -> None:
    async with house(clock, 2) as (one, two):
        await one.install()
        to_the_end_of_its_life(one)
        one.slack.fail(ACCESS, silent(taken=True))
        waiting = asyncio.ensure_future(token_of(one))
        while not one.slack.faults.held:
            await asyncio.sleep(0)
        with pytest.raises(RetryLater, match="another process renews it"):
            await token_of(two)
        one.slack.faults.let_go()
        with pytest.raises(RetryLater):
            await waiting


async def test_the_lease_of_a_process_that_died_runs_out(us: Process, clock: FakeClock) -> None:
    from bot.ports import Insert

    await us.install()
    to_the_end_of_its_life(us)
    lease = OneTime(
        id=f"slack.renewal:slack:{us.slack.workspace.id}:1",
        kind="slack.renewal",
        state="open",
        expires_at=clock.now() + 30_000,
    )
    await us.store.commit([Insert(lease)])
    with pytest.raises(RetryLater):
        await token_of(us)
    clock.move_to(lease.expires_at)
    assert await token_of(us) == us.slack.workspace.token
    assert await us.store.find(OneTime) == []


@pytest.mark.parametrize("fault", [broken(), cut(), limited(20), refused("bad_client_secret")])
async def test_when_it_cannot_be_renewed_the_old_one_works_to_its_end(us: Process, fault: Fault) -> None:
    await us.install()
    old = us.slack.workspace.token
    us.clock.move_to(us.clock.now() + LIFE * 1000 - SOON)
    us.slack.fail(ACCESS, fault)
    with capture_logs() as logs:
        assert await token_of(us) == old
        assert await token_of(us) == old
    assert len(us.slack.called(ACCESS)) == 1, "and Slack is not asked again and again"
    assert [line["event"] for line in logs] == ["slack.token_not_renewed"]
    us.clock.move_to(us.clock.now() + 30_000)
    assert await token_of(us) == us.slack.workspace.token != old


async def test_past_its_end_it_may_come_later(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, broken())
    with pytest.raises(RetryLater):
        await token_of(us)
    us.clock.move_to(us.clock.now() + 30_000)
    assert await token_of(us) == us.slack.workspace.token


async def test_a_refresh_token_that_is_used_up_means_install_again(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, took_it_then_cut())
    with pytest.raises(RetryLater):
        await token_of(us)
    us.clock.move_to(us.clock.now() + 30_000)
    with capture_logs() as logs:
        assert await token_of(us) is None
    assert [(line["log_level"], line["reason"]) for line in logs] == [
        ("error", "oauth.v2.access: invalid_refresh_token")
    ]
    await us.install()
    assert await token_of(us) == us.slack.workspace.token


async def test_who_gives_up_waiting_takes_no_token_along(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, Fault("slow", taken=True, seconds=5))
    impatient = asyncio.ensure_future(token_of(us))
    while not us.slack.faults.held:
        await asyncio.sleep(0)
    impatient.cancel()
    us.slack.faults.let_go()
    await us.tasks.settle(5)
    assert await token_of(us) == us.slack.workspace.token
    assert len(us.slack.called(ACCESS)) == 1


async def test_an_installation_during_a_renewal_wins(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, Fault("slow", taken=True, seconds=5))
    asking = asyncio.ensure_future(token_of(us))
    while not us.slack.faults.held:
        await asyncio.sleep(0)
    await us.install()
    newest = us.vault.opened((await us.row(us.slack.workspace.id)).tokens, f"slack:{us.slack.workspace.id}")
    us.slack.faults.let_go()
    assert await asking == newest.token


async def test_a_removal_during_a_renewal_stays(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, Fault("slow", taken=True, seconds=5))
    asking = asyncio.ensure_future(token_of(us))
    while not us.slack.faults.held:
        await asyncio.sleep(0)
    await us.workspaces.forget("", us.slack.workspace.id)
    us.slack.faults.let_go()
    assert await asking is None
    assert (await us.row(us.slack.workspace.id)).tokens == ""


async def test_tokens_are_renewed_ahead_so_that_nobody_waits(us: Process, clock: FakeClock) -> None:
    await us.install()
    others = [us.slack.add_workspace(f"Company {no}") for no in range(3)]
    for place in others:
        await us.install(place)
    await us.workspaces.start()
    await us.tasks.settle(5)
    assert us.slack.called(ACCESS) == []
    for _ in range((LIFE * 1000 - AHEAD) // EVERY):
        clock.move_to(clock.now() + EVERY)
        await us.tasks.settle(5)
    assert len(us.slack.called(ACCESS)) == 4
    rows = await us.store.find(Workspace)
    assert {row.expires_at - clock.now() for row in rows} == {LIFE * 1000}


async def test_one_that_cannot_be_renewed_ahead_holds_up_no_other(us: Process, clock: FakeClock) -> None:
    await us.install()
    await us.install(us.slack.add_workspace("Second"))
    clock.move_to(clock.now() + LIFE * 1000 - AHEAD)
    us.slack.fail(ACCESS, broken())
    with capture_logs() as logs:
        await us.renewals.ahead()
    assert [line["event"] for line in logs] == ["slack.token_not_renewed", "slack.token_renewed"]


async def test_after_a_stop_nothing_is_renewed(us: Process, clock: FakeClock) -> None:
    await us.workspaces.start()
    await us.workspaces.stop()
    assert clock.next_alarm() is None


# --- secrets -----------------------------------------------------------------------------


async def test_no_token_is_stored_logged_or_shown(us: Process) -> None:
    with capture_logs() as logs:
        await us.install()
        tokens = [*us.slack.world.tokens.values()]
        to_the_end_of_its_life(us)
        await token_of(us)
    secret = {
        value for one in (*tokens, *us.slack.world.tokens.values()) for value in (one.value, one.refresh)
    }
    shown = f"{logs} {await us.store.find(Workspace)} {Tokens('xoxb-1', 'xoxe-1')!r}"
    assert not [value for value in secret if value and value in shown]
    assert "xoxb-1" not in shown
    assert us.secrets.mask(f"token={us.slack.workspace.token}") == "token=•••"


async def test_tokens_sealed_under_another_key_stop_the_server_in_words(us: Process) -> None:
    await us.install()
    us.vault.seal = Seal(b"another key")
    with pytest.raises(SealBroken, match="sealed under another key: set CUEBOOK_SECRET_KEY to what it was"):
        await us.workspaces.start()


def test_what_is_sealed_opens_in_its_own_place_only() -> None:
    seal = Seal(KEY)
    sealed = seal.seal("xoxb-1", "slack:T1")
    assert seal.open(sealed, "slack:T1") == "xoxb-1"
    assert sealed != seal.seal("xoxb-1", "slack:T1")
    for text, place in ((sealed, "slack:T2"), (f"{sealed[:-6]}AAAAA=", "slack:T1"), (f"v1.{seal.key}.", "x")):
        with pytest.raises(SealBroken, match="is not as it was sealed"):
            seal.open(text, place)
    with pytest.raises(SealBroken, match="another key"):
        Seal(b"another").open(sealed, "slack:T1")


def test_the_id_of_a_key_tells_nothing_of_it() -> None:
    assert KEY.hex() not in Seal(KEY).key
    assert Seal(KEY).key == Seal(KEY).key != Seal(b"another").key


# --- for Bolt ----------------------------------------------------------------------------


async def test_bolt_is_told_who_we_are_without_a_call(us: Process) -> None:
    await us.install()
    home, authorize = us.slack.workspace, SlackAuthorize(us.workspaces)
    context = cast(Any, SimpleNamespace(is_enterprise_install=False))
    found = await authorize(context=context, enterprise_id=None, team_id=home.id, user_id="U1")
    assert found is not None
    assert (found.bot_token, found.bot_id, found.bot_user_id) == (home.token, home.bot_id, home.bot)
    assert us.slack.calls == []


async def test_bolt_is_told_nothing_where_nothing_can_be_said(us: Process) -> None:
    await us.install()
    to_the_end_of_its_life(us)
    us.slack.fail(ACCESS, broken())
    context = cast(Any, SimpleNamespace(is_enterprise_install=False))
    authorize = SlackAuthorize(us.workspaces)
    for team in (us.slack.workspace.id, "T0STRANGER"):
        found = await authorize(context=context, enterprise_id=None, team_id=team, user_id="U1")
        assert found is None


def test_a_vault_masks_what_passes() -> None:
    hidden: list[str] = []
    vault = Vault(Seal(KEY), hidden.append)
    vault.opened(vault.sealed(Tokens("xoxb-1", "xoxe-1"), "slack:T1"), "slack:T1")
    assert hidden == ["xoxb-1", "xoxe-1"] * 2
