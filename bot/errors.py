"""Our errors, by who must act. Foreign errors are translated where they enter.

flows.errors.CuebookError
├── flows.errors.ProjectError  the author must act (files, names)
├── OperatorError              whoever runs the server must act; start-up stops
│   ├── SettingsError          an environment variable or cuebook.toml
│   ├── AddressTaken           the port is in use
│   ├── ProjectLocked          another process serves this project
│   └── MissingSecret          a connector names a secret or address that is not set
├── Refused                    the person asked for something they may not do or have
│   ├── NotAllowed             the rule's name is in `rule`
│   ├── NotFound               no such chat or run, or not yours: the same answer
│   └── TooMuch                a limit; `retry_after` says when it may work
├── StoreError                 the database said no
│   ├── Conflict               an expected row was not there: somebody else decided
│   ├── Duplicate              a unique key exists: a redelivery
│   └── StoreUnavailable       nothing was written; it may work later
├── CallFailed                 an outside system did not do it; the step takes `failure`
│   └── AddressRefused         the address rules forbid it; no request was sent
└── DeliveryError              a platform did not take a message
    ├── RetryLater             may go through after `after` seconds
    ├── Unheard                nobody knows whether it went through
    └── Undeliverable          it never will: the row is parked
"""

from __future__ import annotations

from flows.errors import CuebookError


class OperatorError(CuebookError):
    """Whoever runs the server must act."""


class SettingsError(OperatorError):
    """A setting is missing or cannot be read."""


class AddressTaken(OperatorError):
    """The port is in use."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is in use by another program: stop it, or choose another with PORT=…"
        )


class ProjectLocked(OperatorError):
    """Another process serves this project."""


class MissingSecret(OperatorError):
    """A connector names an environment variable that is not set."""

    def __init__(self, connector: str, name: str) -> None:
        super().__init__(f"connector `{connector}` needs the environment variable {name}, which is not set")
        self.connector, self.name = connector, name


class Refused(CuebookError):
    """A person asked for what they may not do or have; the message is for them."""


class NotAllowed(Refused):
    """A rule forbids it."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class NotFound(Refused):
    """No such thing, or not yours: nobody learns which."""


class TooMuch(Refused):
    """A limit is reached."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(CuebookError):
    """The database did not commit; nothing of the unit was written."""


class Conflict(StoreError):
    """A row was not as expected."""


class Duplicate(StoreError):
    """A unique key exists already."""


class StoreUnavailable(StoreError):
    """The database cannot be used now (disk full, locked, gone)."""


class CallFailed(CuebookError):
    """An outside system did not do what was asked; safe to show."""


class AddressRefused(CallFailed):
    """The address rules forbid the request; none was sent."""


class DeliveryError(CuebookError):
    """A platform did not take a message."""


class RetryLater(DeliveryError):
    """The platform asks for patience: it may go through after `after` seconds. That is no
    failed try."""

    def __init__(self, after: float, reason: str = "") -> None:
        super().__init__(reason or f"try again in {after:g} s")
        self.after = after


class Unheard(DeliveryError):
    """The platform did not answer, or not sensibly: it may have gone through or not."""


class Undeliverable(DeliveryError):
    """It never will."""
