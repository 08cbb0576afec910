"""Runs that wait to be called back: once, early, late, twice at once, and after a restart."""

from __future__ import annotations

from bot.ports import Store
from bot.rows import Run
from bot.testing import CUSTOMER
from tests.runtime.conftest import Open
from tests.runtime.flows import DIRECTORY, runbook

ASK = """
  - {id: ask, call: directory.find, with: {login: "${answer.url}"}}
  - {id: answer, wait_for: callback, timeout: 30m, save: {approved: body.approved}}
  - {end: success, result: "approved: $approved"}
"""


async def test_a_run_goes_on_when_it_is_called(stage: Open, store: Store) -> None:
    place = await stage(
        runbook(ASK, "timeout: 1h") + "\n---\n" + DIRECTORY, store=store, connectors={"directory.find": {}}
    )
    row = await place.runtime.begin("work", {}, CUSTOMER)
    assert isinstance(row, Run)
    await place.settle()
    url = place.connectors.made[0][1].args["login"]
    await place.runtime.callbacks.call(url.rpartition("/")[2], {"approved": True})
    await place.settle()
    ended = await place.store.get(Run, id=row.id)
    assert ended is not None and ended.message == "approved: true"
