"""What people press, choose, command and fill in."""

from __future__ import annotations

from typing import Any, TypeAlias

from bot.testing.slack.courier import Courier
from bot.testing.slack.delivery import Answer
from bot.testing.slack.envelope import VERIFICATION, interaction, place
from bot.testing.slack.hooks import hook, show
from bot.testing.slack.inputs import acted, chosen, entered, state
from bot.testing.slack.refusal import Impossible, Refusal
from bot.testing.slack.render import elements, label, options
from bot.testing.slack.replies import apply
from bot.testing.slack.shapes import message as shape
from bot.testing.slack.shapes import view as view_shape
from bot.testing.slack.talking import message_of
from bot.testing.slack.things import Blocks, Channel, Json, Message, Person, View
from bot.testing.slack.transcript import Shown
from bot.testing.slack.world import SLACKBOT

Where: TypeAlias = Message | Shown | View


class Pressing(Courier):
    """People at buttons, lists and forms. Each act waits for the app's answer, as a person does,
    and shows what Slack would show of it."""

    async def presses(self, person: Person, where: Where, button: str) -> Answer:
        """Press a button by what is written on it, or by its action_id."""
        block, element = _find(_blocks(where), button, ("button",))
        return await self._acts(person, where, acted(block, element))

    async def chooses(self, person: Person, where: Where, option: str, *, action: str = "") -> Answer:
        """Choose from a list by the option's label or value. `action`: which list, by its
        action_id, where several offer the same."""
        for block, element in elements(_blocks(where)):
            if action in ("", element["action_id"]) and (picked := chosen(element, option)) is not None:
                return await self._acts(person, where, acted(block, element, picked))
        raise Impossible(f"nothing offers “{option}”")

    async def command(self, person: Person, channel: Channel, command: str, text: str = "") -> Answer:
        """Type a slash command."""
        workspace = channel.workspace
        payload: Json = {
            "token": VERIFICATION,
            "team_id": workspace.id,
            "team_domain": workspace.domain,
            **({"enterprise_id": workspace.enterprise} if workspace.enterprise else {}),
            "channel_id": channel.id,
            "channel_name": place(channel)["name"],
            "user_id": person.id,
            "user_name": person.handle,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": str(workspace.org_wide).lower(),
            "response_url": hook(self.world, person, channel),
            "trigger_id": self.world.trigger(person, workspace),
        }
        answer = await self._attempt("slash_commands", payload)
        self._answered(person, channel, command, answer)
        return answer

    async def shortcut(self, person: Person, callback_id: str) -> Answer:
        """Start a shortcut of the whole app."""
        payload = self._triggered("shortcut", person, callback_id=callback_id)
        return await self._attempt("interactive", {**payload, "action_ts": self.world.ts()})

    async def message_shortcut(self, person: Person, message: Message | Shown, callback_id: str) -> Answer:
        """Start a shortcut on a message."""
        found = message_of(message)
        payload = self._triggered(
            "message_action",
            person,
            callback_id=callback_id,
            channel=place(found.channel),
            message_ts=found.ts,
            message=shape(self.world, found),
            response_url=hook(self.world, person, found.channel),
        )
        return await self._attempt("interactive", {**payload, "action_ts": self.world.ts()})

    async def submits(self, person: Person, values: dict[str, Any] | None = None) -> Answer:
        """Fill in the open form, by labels, block_ids or action_ids, and send it. What the app
        answers (complaints, another form, nothing) then stands before the person.

        Raises Impossible where Slack itself would not send it."""
        view = self._open(person)
        payload = self._of_view("view_submission", person, view, entered(view, values or {}))
        payload |= {"trigger_id": self.world.trigger(person, view.workspace, view), "response_urls": []}
        answer = await self._attempt("interactive", payload)
        view.errors = {}
        if answer.ok:
            apply(self.world, view, answer)
        else:
            view.errors = {"": "We had some trouble connecting. Try again?"}
        return answer

    async def closes(self, person: Person, *, all_of_them: bool = False) -> Answer | None:
        """Close the open form; the app is told only if the form asked for that."""
        view = self._open(person)
        stack = self.world.modals[person.id]
        del stack[0 if all_of_them else -1 :]
        if not view.body.get("notify_on_close"):
            return None
        payload = self._of_view("view_closed", person, view, {})
        return await self._attempt("interactive", {**payload, "is_cleared": all_of_them})

    async def types_ahead(self, person: Person, where: Where, action: str, value: str) -> list[str]:
        """Type into a list that the app fills; what it then offers."""
        block, element = _find(_blocks(where), action, ("external_select", "multi_external_select"))
        payload = interaction(
            "block_suggestion",
            person,
            self._workspace(where),
            action_id=element["action_id"],
            block_id=block["block_id"],
            value=value,
            **self._container(where),
        )
        offered = (await self._attempt("interactive", payload)).json or {}
        return [label(one) for one in options(offered)]

    # --- how Slack says it ---------------------------------------------------------------

    async def _acts(self, person: Person, where: Where, action: Json) -> Answer:
        workspace = self._workspace(where)
        view = where if isinstance(where, View) else None
        payload = interaction(
            "block_actions",
            person,
            workspace,
            trigger_id=self.world.trigger(person, workspace, view),
            actions=[{**action, "action_ts": self.world.ts()}],
            **self._container(where),
        )
        if not isinstance(where, View):
            found = message_of(where)
            thread = found.thread_ts if found.thread_ts != found.ts else None
            payload["response_url"] = hook(self.world, person, found.channel, found, thread)
            payload["state"] = {"values": state(found.blocks)}
        return await self._attempt("interactive", payload)

    def _container(self, where: Where) -> Json:
        if isinstance(where, View):
            return {
                "container": {"type": "view", "view_id": where.id},
                "view": view_shape(where, state(where.blocks)),
            }
        found = message_of(where)
        if found.deleted:
            raise Impossible("the message is gone")
        container = {
            "type": "message",
            "message_ts": found.ts,
            "channel_id": found.channel.id,
            "is_ephemeral": bool(found.seen_by),
            **({"thread_ts": found.thread_ts} if found.thread_ts else {}),
        }
        parts: Json = {"container": container, "channel": place(found.channel)}
        if not found.seen_by:  # what only one person sees, Slack does not send back
            parts["message"] = shape(self.world, found)
        return parts

    def _triggered(self, kind: str, person: Person, **parts: Any) -> Json:
        trigger = self.world.trigger(person, person.workspace)
        return interaction(kind, person, person.workspace, trigger_id=trigger, **parts)

    def _of_view(self, kind: str, person: Person, view: View, values: Json) -> Json:
        return interaction(kind, person, view.workspace, view=view_shape(view, values))

    def _open(self, person: Person) -> View:
        stack = self.world.modals.get(person.id)
        if not stack:
            raise Impossible(f"no form is open before {person.name}")
        return stack[-1]

    def _workspace(self, where: Where) -> Any:
        return where.workspace if isinstance(where, View) else message_of(where).channel.workspace

    def _answered(self, person: Person, channel: Channel, command: str, answer: Answer) -> None:
        """What the person sees of the answer to a command."""
        if not answer.ok:
            code = "operation_timeout" if answer.reason.endswith("timeout") else "dispatch_failed"
            text = f"{command} failed with the error “{code}”"
            made = Message(self.world.ts(), channel, SLACKBOT, text, seen_by=person.id)
            self.world.add(made)
            return
        given = answer.json or {"text": answer.body.decode()}
        if given.get("text") or given.get("blocks") or given.get("attachments"):
            to = None if given.get("response_type") == "in_channel" else person
            try:
                show(self.world, channel, given, person=to)
            except Refusal as refusal:
                raise Impossible(f"the answer to {command} is no message: {refusal.answer}") from refusal


def _blocks(where: Where) -> Blocks:
    if isinstance(where, View):
        return where.blocks
    found = message_of(where)
    return [*found.blocks, *(block for one in found.attachments for block in one.get("blocks", []))]


def _find(blocks: Blocks, name: str, kinds: tuple[str, ...]) -> tuple[Json, Json]:
    for wanted in (label, lambda element: str(element["action_id"])):
        for block, element in elements(blocks):
            if element["type"] in kinds and wanted(element) == name:
                return block, element
    raise Impossible(f"there is no “{name}” here")
