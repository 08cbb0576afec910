"""All kinds of steps: the only list. A kind is added here and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from pydantic import Discriminator, Tag

from flows.steps.ask import AskStep
from flows.steps.assign import SetStep
from flows.steps.base import Step
from flows.steps.branch import IfStep
from flows.steps.call import CallStep
from flows.steps.chat_message import ChatMessageStep
from flows.steps.end import ChatEndStep, RunbookEndStep
from flows.steps.loops import ForEachStep, RepeatStep
from flows.steps.pause import PauseStep
from flows.steps.run import ChatRunbookStep
from flows.steps.run import RunbookStep as RunRunbookStep
from flows.steps.say import SayStep
from flows.steps.wait_for import WaitForStep

CHAT_KINDS: Final[dict[str, type[Step]]] = {
    step.KIND: step for step in (SayStep, AskStep, ChatRunbookStep, IfStep, SetStep, ChatEndStep)
}
RUNBOOK_KINDS: Final[dict[str, type[Step]]] = {
    step.KIND: step
    for step in (
        CallStep,
        ChatMessageStep,
        IfStep,
        SetStep,
        PauseStep,
        WaitForStep,
        ForEachStep,
        RepeatStep,
        RunRunbookStep,
        RunbookEndStep,
    )
}


def kind_of(step: Any, kinds: dict[str, type[Step]]) -> str | None:
    """The kind key of a step as it stands in a file; None unless there is exactly one.

    `repeat` is a kind of its own and also qualifies `call`, so `call` wins.
    """
    if isinstance(step, Step):
        return step.KIND
    if not isinstance(step, dict):
        return None
    found = [kind for kind in kinds if kind in step]
    if "call" in found and "repeat" in found:
        found.remove("repeat")
    return found[0] if len(found) == 1 else None


def _tag(kinds: dict[str, type[Step]]) -> Discriminator:
    def tag(step: Any) -> str | None:
        kind = kind_of(step, kinds)
        return f"<{kind}>" if kind else None  # never equal to a key: positions stay exact

    return Discriminator(tag)


ChatStep: TypeAlias = Annotated[
    Annotated[SayStep, Tag("<say>")]
    | Annotated[AskStep, Tag("<ask>")]
    | Annotated[ChatRunbookStep, Tag("<runbook>")]
    | Annotated[IfStep, Tag("<if>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[ChatEndStep, Tag("<end>")],
    _tag(CHAT_KINDS),
]
RunbookStep: TypeAlias = Annotated[
    Annotated[CallStep, Tag("<call>")]
    | Annotated[ChatMessageStep, Tag("<chat_message>")]
    | Annotated[IfStep, Tag("<if>")]
    | Annotated[SetStep, Tag("<set>")]
    | Annotated[PauseStep, Tag("<pause>")]
    | Annotated[WaitForStep, Tag("<wait_for>")]
    | Annotated[ForEachStep, Tag("<for_each>")]
    | Annotated[RepeatStep, Tag("<repeat>")]
    | Annotated[RunRunbookStep, Tag("<runbook>")]
    | Annotated[RunbookEndStep, Tag("<end>")],
    _tag(RUNBOOK_KINDS),
]

ForEachStep.model_rebuild(_types_namespace={"RunbookStep": RunbookStep})
RepeatStep.model_rebuild(_types_namespace={"RunbookStep": RunbookStep})
