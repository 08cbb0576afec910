"""Forms and the home tab: views.open, update, push, publish."""

from __future__ import annotations

import secrets
from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.blocks import checked_view
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.shapes import view as shape
from bot.testing.slack.things import Json, Person, View, Workspace
from bot.testing.slack.world import World

DEEPEST: Final = 3  # forms on top of each other


def open_view(asked: Asked) -> Json:
    """views.open."""
    body = checked_view(asked.args["view"], kinds=("modal",))
    trigger = asked.world.exchange(_trigger(asked))
    made = new_view(asked.world, asked.workspace, trigger.person, body)
    asked.world.modals[trigger.person.id] = [made]
    return {"view": shape(made)}


def push(asked: Asked) -> Json:
    """views.push: from inside of a form only."""
    body = checked_view(asked.args["view"], kinds=("modal",))
    trigger = asked.world.exchange(_trigger(asked))
    stack = asked.world.modals.get(trigger.person.id, [])
    if trigger.view is None or trigger.view not in stack:
        raise Refusal("invalid_trigger_id")
    made = push_on(asked.world, asked.workspace, trigger.person, body)
    return {"view": shape(made)}


def update(asked: Asked) -> Json:
    """views.update."""
    if not asked.text("view_id") and not asked.text("external_id"):
        raise wrong("invalid_arguments", "missing required field: view_id")
    body = checked_view(asked.args["view"], kinds=("modal", "home"))
    found = asked.world.view(asked.text("view_id") or asked.text("external_id"))
    if asked.text("hash") and asked.text("hash") != found.hash:
        raise Refusal("hash_conflict")
    replace(found, body)
    return {"view": shape(found)}


def publish(asked: Asked) -> Json:
    """views.publish: the home tab of one person."""
    body = checked_view(asked.args["view"], kinds=("home",))
    person = asked.person("user_id")
    found = asked.world.homes.get(person.id)
    if found is not None and asked.text("hash") and asked.text("hash") != found.hash:
        raise Refusal("hash_conflict")
    if found is None:
        found = new_view(asked.world, asked.workspace, person, body)
        asked.world.homes[person.id] = found
    else:
        replace(found, body)
    return {"view": shape(found)}


def new_view(world: World, workspace: Workspace, person: Person, body: Json) -> View:
    """A view that nobody has seen yet. Raises Refusal."""
    external = body.get("external_id")
    if external and any(
        external == one.body.get("external_id") for stack in world.modals.values() for one in stack
    ):
        raise Refusal("duplicate_external_id")
    return View(world.new("V"), body, person, _hash(world), workspace)


def push_on(world: World, workspace: Workspace, person: Person, body: Json) -> View:
    """One more form on top of the open ones. Raises Refusal."""
    stack = world.modals[person.id]
    if len(stack) >= DEEPEST:
        raise Refusal("push_limit_reached")
    made = new_view(world, workspace, person, body)
    made.root, made.previous = stack[0].id, stack[-1].id
    stack.append(made)
    return made


def replace(found: View, body: Json) -> None:
    """Other content in the same view."""
    if found.body["type"] != body["type"]:
        raise wrong("invalid_arguments", "the type of a view cannot change [json-pointer:/view/type]")
    found.body, found.errors = body, {}
    found.hash = f"{found.hash.split('.')[0]}.{secrets.token_hex(4)}"


def _trigger(asked: Asked) -> str:
    found = asked.text("trigger_id") or asked.text("interactivity_pointer")
    if not found:
        raise wrong("invalid_arguments", "missing required field: trigger_id")
    return found


def _hash(world: World) -> str:
    return f"{world.clock.now() // 1000}.{secrets.token_hex(4)}"


METHODS: Final = (
    Method("views.open", open_view, "trigger_id interactivity_pointer view!:dict"),
    Method("views.push", push, "trigger_id interactivity_pointer view!:dict"),
    Method("views.update", update, "view!:dict external_id view_id hash"),
    Method("views.publish", publish, "user_id! view!:dict hash"),
)
