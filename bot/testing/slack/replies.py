"""What becomes of a form by what the app answers to its submission."""

from __future__ import annotations

from bot.testing.slack.blocks import checked_view
from bot.testing.slack.delivery import Answer
from bot.testing.slack.methods.views import push_on, replace
from bot.testing.slack.refusal import Impossible, Refusal
from bot.testing.slack.things import Json, View
from bot.testing.slack.world import World


def apply(world: World, view: View, answer: Answer) -> None:
    """Raises Impossible if Slack could make nothing of it: the person would see an error."""
    if answer.body.strip() and answer.json is None:
        raise Impossible(f"the answer to a form is no JSON: {answer.body[:80]!r}")
    try:
        _apply(world, view, answer.json or {})
    except Refusal as refusal:
        raise Impossible(f"Slack cannot show this form: {refusal.answer}") from refusal


def _apply(world: World, view: View, said: Json) -> None:
    stack = world.modals.get(view.person.id, [])
    match said.get("response_action"):
        case None:
            if view in stack:
                stack.remove(view)
        case "clear":
            stack.clear()
        case "errors":
            known = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not said.get("errors") or said["errors"].keys() - known:
                raise Impossible(f"errors for fields that the form has not: {said.get('errors')}")
            view.errors = dict(said["errors"])
        case "update":
            replace(view, checked_view(said.get("view"), kinds=("modal",)))
        case "push":
            push_on(world, view.workspace, view.person, checked_view(said.get("view"), kinds=("modal",)))
        case other:
            raise Impossible(f"unknown response_action {other}")
