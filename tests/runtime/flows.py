"""The flows that most tests of the runtime play."""

from __future__ import annotations

ECHO = """
kind: chat-profile
id: echo
flow:
  - id: ask
    ask: Say something.
    save: word
  - id: answer
    say: You said $word.
    next: ask
"""

DESK = """
kind: chat-profile
id: desk
still_working_after: 20s
flow:
  - id: ask_login
    ask: Which login?
    save: login
  - id: unlock
    runbook: unlock
    with: {login: $login}
    outcomes: {success: told, failure: told}
  - id: told
    say: $RUNBOOKRESULT
  - id: more
    ask: Anything else?
    options: {"Yes": ask_login, "No": bye}
  - id: bye
    end: Bye.
---
kind: runbook
id: unlock
audience: anyone
inputs:
  login: {required: true}
steps:
  - chat_message: Looking up $login.
  - id: find
    title: Looking it up
    call: directory.find
    with: {login: $login}
    outcomes: {failure: unknown}
  - chat_message: Unlocking it.
  - id: unlock
    call: directory.unlock
    with: {login: $login}
  - end: success
    result: $login is unlocked.
  - id: unknown
    end: failure
    result: "failed: $ERROR"
---
kind: connector
id: directory
base_url: http://directory.example.com
methods:
  find: {get: "/users/{login}"}
  unlock: {post: "/users/{login}/unlock"}
"""


def profile(flow: str, more: str = "") -> str:
    """The chat profile `desk` with these steps."""
    return f"kind: chat-profile\nid: desk\n{more}\nflow:\n{flow}\n"


def runbook(steps: str, more: str = "", id: str = "work") -> str:
    """A runbook that anyone may start."""
    return f"kind: runbook\nid: {id}\naudience: anyone\n{more}\nsteps:\n{steps}\n"


DIRECTORY = DESK.split("---")[2]

WORK = """
  - id: start
    runbook: work
    outcomes: {success: over, failure: over}
  - id: over
    say: "Result: $RUNBOOKRESULT"
  - id: rest
    ask: What now?
"""
"""Run the runbook `work`, say its result, and rest."""


def works(steps: str, more: str = "") -> str:
    """A project whose profile `desk` starts the runbook `work` of these steps at once."""
    return "\n---\n".join([profile(WORK), runbook(steps, more), DIRECTORY])
