"""What a chat does with events that its flow does not await: words, late presses, the end
of a background run. None of them moves the flow, but *start over*.

Options win over global words, global words win over free text. What is said here are
asides: counted in the state, so that each line has an id of its own.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from flows.documents import Word
from flows.effects import CancelRun, Say
from flows.events import RunEnded, Said
from flows.flow import Flow
from flows.outcomes import outcome_of, remember
from flows.state import Awaiting, Meanwhile, State, Turn
from flows.steps.base import At
from flows.steps.say import unresolved
from flows.variables import Scope
from flows.walk import Walk, resume

Global: TypeAlias = Word | Literal[False]
"""A global word, or that it is turned off."""
Meaning: TypeAlias = Literal["answer", "stale", "help", "cancel", "start_over", "chatter", "opening"]

WORKING = "I'm still working on it. You'll hear from me as soon as it is done."
STALE = "That question is no longer open."
NOTHING_TO_CANCEL = "There is nothing running that I could cancel."
BUSY = "Something is still running. Say “{word}” to stop it first."
BUSY_NO_WORD = "Something is still running. Please wait until it is done."
CANCELLING = "I'm asking it to stop …"
STARTING_OVER = "Let's start over."
HELP_ANSWER = "Please answer the question above."
HELP_ANSWER_WORD = "You can answer the question above, or say: {word}."
HELP_WAIT = "I'm still working on it."
HELP_WAIT_WORD = "I'm still working on it. To stop it, say: {word}."


def background_end(flow: Flow, state: State, event: RunEnded) -> Turn:
    """A run that the chat does not wait for is final. It never moves the flow (D2, N1), and
    it counts once: a second end of the same run, or one of a stranger's, changes nothing."""
    if event.run not in state.background:
        return Turn(state=state)
    walk = Walk(flow, state, state.hops)
    walk.background = tuple(run for run in state.background if run != event.run)
    walk.results = remember(state.results, outcome_of(event))
    if event.announce:
        walk.effects.append(Say(id=f"run.{event.run}.end", text=event.announce))
    return walk.turn()


def said(flow: Flow, state: State, said: Said) -> Turn:
    """A person's words: an answer, a global word, or chatter while a run works."""
    awaiting = state.awaiting
    if awaiting is None:  # closed, or not begun: silent
        return Turn(state=state)
    asked = awaiting.kind == "answer"
    match _meaning(flow, state, awaiting, said):
        case "answer":
            return resume(flow, state, said)
        case "stale":
            return _aside(flow, state, "stale", STALE).turn()
        case "help":
            return _help(flow, state, asked=asked)
        case "cancel":
            return _cancel(flow, state, awaiting)
        case "start_over":
            return _start_over(flow, state, asked=asked)
        case "chatter":
            return _still_working(flow, state)
        case "opening":
            return Turn(state=state)


def answers(flow: Flow, state: State, said: Said) -> bool:
    """Whether these words are taken as the answer to the open question."""
    return state.awaiting is not None and _meaning(flow, state, state.awaiting, said) == "answer"


def _meaning(flow: Flow, state: State, awaiting: Awaiting, said: Said) -> Meaning:
    asked = awaiting.kind == "answer"
    if said.prompt is not None:  # pressed, so it can only be that question's answer
        return "answer" if asked and said.prompt == awaiting.id else "stale"
    if asked and flow.nodes[state.step or ""].step.offers(said):
        return "answer"
    word = flow.meaning(said.text)
    if said.opening and asked and word in (None, "cancel"):  # "hello" is no answer to a question
        return "opening"
    return word or ("answer" if asked else "chatter")


def _aside(flow: Flow, state: State, name: str, text: str, word: Word | None = None) -> Walk:
    """A turn that says one line beside the flow: the word's own text, or `text` where it has
    none or it came out empty."""
    walk = Walk(flow, state, state.hops)
    walk.asides += 1
    name = f"{name}-{walk.asides}"
    at = At(state.step or "", state.visits, state, Scope.of(state))
    missing: list[str] = []
    own = at.say(word.say, missing) if word and word.say else ""
    walk.effects += (*unresolved(at, missing, f"{name}.log"), Say(id=at.id(name), text=own or text))
    return walk


def _still_working(flow: Flow, state: State) -> Turn:
    """D1: what is said while a run works is no answer to anything; it is told so once."""
    meanwhile = state.meanwhile or Meanwhile()
    if meanwhile.told:
        return Turn(state=state)
    walk = _aside(flow, state, "words", WORKING)
    walk.meanwhile = msgspec.structs.replace(meanwhile, told=True)
    return walk.turn()


def _help(flow: Flow, state: State, *, asked: bool) -> Turn:
    word = flow.words.start_over if asked else flow.words.cancel
    plain, with_word = (HELP_ANSWER, HELP_ANSWER_WORD) if asked else (HELP_WAIT, HELP_WAIT_WORD)
    return _aside(flow, state, "help", _naming(word, with_word, plain), flow.words.help or None).turn()


def _cancel(flow: Flow, state: State, awaiting: Awaiting) -> Turn:
    """Ask the runtime to stop the run; whether this person may is decided there."""
    if awaiting.run is None:
        return _aside(flow, state, "cancel", NOTHING_TO_CANCEL).turn()
    walk = _aside(flow, state, "cancel", CANCELLING, flow.words.cancel or None)
    walk.effects.append(CancelRun(id=f"{walk.effects[-1].id}.run", run=awaiting.run))
    return walk.turn()


def _start_over(flow: Flow, state: State, *, asked: bool) -> Turn:
    """From the first step, with nothing collected; what runs brought is kept."""
    if not asked:
        busy = _naming(flow.words.cancel, BUSY, BUSY_NO_WORD)
        return _aside(flow, state, "start-over", busy).turn()
    word, walk = flow.words.start_over, Walk(flow, state)
    if word and word.say:
        walk = _aside(flow, state, "start-over", STARTING_OVER, word)
    walk.restart()
    return walk.turn()


def _naming(word: Global, text: str, plain: str) -> str:
    """A line that tells people which word to use, or the one for where there is none."""
    return text.format(word=word.words[0]) if word else plain
