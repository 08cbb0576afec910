"""A run that only says what it would do: `cuebook run --dry-run`."""

from __future__ import annotations

import json
from typing import Any

from bot.cli.errand import Ended, Errand, Order
from bot.cli.shared import FINE, stderr, write
from bot.connectors.http import HttpConnectors
from bot.errors import CallFailed, OperatorError
from bot.rows import Callback, Run
from bot.runtime.clock import SchedulerClock
from bot.runtime.secrecy import mask_of_run
from bot.storage.memory import MemoryStore
from bot.testing.clock import FakeClock
from bot.testing.settling import settle
from flows.connector import Connector
from flows.effects import Call
from flows.errors import UnknownDefinition
from flows.events import CallAnswered
from flows.project import Project
from flows.template import Unresolved

REMARK = (
    "Nothing was called. Each call was taken to answer 200 with an empty body, and pauses were "
    "skipped; with other answers the run may take another way."
)
CALLED = "Each callback that it waited for was taken to come, with nothing in it."


class Rehearsed:
    """`bot.ports.Connectors` that writes calls down instead of making them."""

    def __init__(self, http: HttpConnectors) -> None:
        self._http = http
        self.calls: list[dict[str, Any]] = []

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """See `bot.ports.Connectors`."""
        entry: dict[str, Any] = {"call": f"{call.connector}.{call.method}"}
        self.calls.append(entry)
        try:
            entry |= mask_of_run(run).value(self._http.describe(call, definition=definition))
        except (CallFailed, OperatorError, Unresolved, UnknownDefinition) as error:
            entry["error"] = str(error)
            return CallAnswered(id=call.id, ok=False, error=str(error))
        return CallAnswered(id=call.id, ok=True, answer={"status": 200, "headers": {}, "body": None})


async def rehearse(order: Order, *, as_json: bool) -> int:
    """Walk the run on paper, in no time, and list its calls on stdout."""
    opened = order.opened
    for name, stand_in in _stand_ins(opened.project).items():
        opened.environ.setdefault(name, stand_in)
    clock = FakeClock(SchedulerClock().now())
    errand = Errand(MemoryStore(), clock)
    http = HttpConnectors(errand.definition, opened.secrets, opened.settings.allow)
    rehearsed = Rehearsed(http)
    errand.equip(rehearsed, opened.settings.zone)
    await errand.adopt(opened.project)
    over = await errand.begin(order)
    called = False
    while not over.done():
        await settle()
        if not over.done() and await _called_back(errand):
            called = True
        elif not over.done():
            due = clock.next_alarm()
            assert due is not None, "every run that waits has a limit"
            clock.move_to(due)
    _show(await over, rehearsed.calls, as_json=as_json)
    if called:
        stderr().print(CALLED, style="dim")
    return FINE


async def _called_back(errand: Errand) -> bool:
    """Post nothing to a run that waits for it. False: none does."""
    runtime = errand.runtime
    for run in await runtime.ground.store.find(Run, state="waiting"):
        for row in await runtime.ground.store.find(Callback, run=run.id, step=run.step, state="open"):
            await runtime.callbacks.call(runtime.starts.addresses.token(row.run, row.step), None)
            return True
    return False


def _stand_ins(project: Project) -> dict[str, str]:
    """An address is needed to show a request; where none is set, its variable stands for it."""
    found: dict[str, str] = {}
    for loaded in project.connectors.values():
        connector: Connector = loaded.document
        whole = not isinstance(connector.base_url.parts[0], str)
        for name in connector.env_names():
            found[name] = f"http://{name.lower()}" if whole else name.lower()
    return found


def _show(ended: Ended, calls: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        write(json.dumps({"calls": calls, **ended.record}, ensure_ascii=False, indent=2))
    else:
        for number, call in enumerate(calls, 1):
            write(f"{number}. {_in_words(call)}")
        if not calls:
            write("It makes no call.")
    stderr().print(f"It would end in {ended.outcome}: {ended.message}", markup=False)
    stderr().print(REMARK, style="dim")


def _in_words(call: dict[str, Any]) -> str:
    if "error" in call:
        return f"{call['call']} cannot be made: {call['error']}"
    lines = [f"{call['method']} {call['url']}"]
    lines += [f"     {name}: {value}" for name, value in call["headers"].items()]
    lines += [f"     {call['body']}"] if call["body"] else []
    return "\n".join(lines)
