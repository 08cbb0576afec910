"""The projects that people play in an office."""

from __future__ import annotations

from flows.values import Json

DESK = """\
kind: chat-profile
id: desk
name: Service desk
audience: anyone
flow:
  - id: menu
    ask: What can I do for you?
    options: {Unlock: ask_login, Rebuild: rebuild, Goodbye: bye}
  - id: ask_login
    ask: Which login?
    save: login
  - id: unlock
    runbook: unlock
    with: {login: $login}
    outcomes: {success: told, failure: told}
  - id: told
    say: "Result: $RUNBOOKRESULT"
    next: menu
  - id: rebuild
    runbook: rebuild
    outcomes: {started: started, success: started, failure: told}
  - id: started
    say: It is on its way.
    next: menu
  - id: bye
    end: Goodbye!
variables:
  login: {label: Login}
---
kind: runbook
id: unlock
name: Unlock an account
audience: [authenticated, agents]
inputs: {login: {required: true, label: Login}}
steps:
  - chat_message: Looking up $login …
  - {id: find, title: Looking it up, call: directory.find, with: {login: $login}}
  - {id: unlock, title: Unlocking it, call: directory.unlock, with: {login: $login}}
  - {end: success, result: Account $login is unlocked.}
---
kind: runbook
id: rebuild
name: Rebuild the index
method: asynchronous
announce: result
audience: [authenticated, agents]
timeout: 3h
steps:
  - {id: wipe, title: Wiping, call: directory.unlock, with: {login: index}}
  - {id: rest, title: Resting, pause: 1h}
  - {end: success, result: The index is new.}
---
kind: connector
id: directory
base_url: http://directory.example
methods:
  find: {get: "/users/{login}", timeout: 10m}
  unlock: {post: "/users/{login}/unlock", timeout: 10m}
"""
"""One profile: a question with options, a plain one, a run that is waited for, one in the
background. Strangers may talk, but start nothing."""

STUBS: dict[str, Json] = {"directory.find": {}, "directory.unlock": {}}
MENU = "Cuebook: What can I do for you? [Unlock] [Rebuild] [Goodbye]"


def answered(label: str, by: str = "Ann") -> str:
    """The menu after somebody has pressed a button of it."""
    return f"Cuebook: What can I do for you?\n✓ {label} — @{by}"
