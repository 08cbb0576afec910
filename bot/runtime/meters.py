"""What the runtime counts. No label ever holds an id, a name or an address of a person."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.rows import Message, Run

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


class Meters:
    """Counters and gauges in one registry, handed to every part."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.turns = Counter("cuebook_turns", "Turns taken by chats", registry=self.registry)
        self._messages = Counter(
            "cuebook_messages", "Lines of transcripts", ["adapter", "sender"], registry=self.registry
        )
        self._said: dict[tuple[str, str], Counter] = {}
        """Looking one up by its labels costs more than counting."""
        self._runs = Counter(
            "cuebook_runs", "Runs that ended", ["runbook", "outcome", "mode"], registry=self.registry
        )
        self._run_seconds = Histogram(
            "cuebook_run_seconds", "From start to end", ["runbook"], buckets=SECONDS, registry=self.registry
        )
        self._calls = Counter(
            "cuebook_calls", "Calls of connectors", ["connector", "outcome"], registry=self.registry
        )
        self.open_runs = Gauge("cuebook_runs_open", "Runs that have not ended", registry=self.registry)
        self.queued = Gauge("cuebook_runs_queued", "Runs accepted and not begun", registry=self.registry)
        self.crashed = Gauge("cuebook_tasks_crashed", "Background tasks that failed", registry=self.registry)

    def said(self, adapter: str, lines: Iterable[Message]) -> None:
        """Lines were added to a transcript."""
        for line in lines:
            key = (adapter, line.sender)
            counter = self._said.get(key)
            if counter is None:
                counter = self._said[key] = self._messages.labels(*key)
            counter.inc()

    def ended(self, run: Run) -> None:
        """A run is final."""
        self._runs.labels(run.runbook, run.outcome, run.mode).inc()
        if run.started_at:
            self._run_seconds.labels(run.runbook).observe((run.finished_at - run.started_at) / 1000)

    def called(self, connector: str, *, ok: bool) -> None:
        """A connector answered."""
        self._calls.labels(connector, "success" if ok else "failure").inc()
