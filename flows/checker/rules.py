"""Every code that a finding may have: the only list. The language reference is made of it.

E0xx: a file cannot be read. E1xx: it says something that cannot work. Wxxx: advice; it
works, and probably does not do what was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flows.problems import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means, why it matters, and what it looks like."""

    code: str
    title: str
    why: str
    example: str = ""

    @property
    def severity(self) -> Severity:
        return "warning" if self.code.startswith("W") else "error"


_ALL: Final = (
    Rule("E001", "The file cannot be read", "Files are plain UTF-8 files inside the project's folder."),
    Rule(
        "E002",
        "The file is not one YAML mapping",
        "One file is one document of keys and values. Tags, merge keys (`<<`) and keys that are not texts"
        " are not read, because they make a file mean something else than it shows.",
        "say: Note: this colon needs quotes",
    ),
    Rule(
        "E003",
        "The file is too large",
        "Limits keep reading quick: 1 MiB, 20,000 lines, 100,000 words, 20,000 values with aliases unfolded,"
        " 50 levels, 100 aliases, 100 patterns, 500 steps; 500 files of a kind.",
    ),
    Rule("E004", "A key is there twice", "YAML would silently keep one of the two.", "next: menu\nnext: bye"),
    Rule(
        "E005",
        "Name, kind and place do not fit",
        "The id of a definition is its file's name, and its kind is its folder's. So a name is found by"
        " looking at the folder.",
    ),
    Rule("E006", "`cuebook.toml` cannot be read", "The project's settings are TOML."),
    Rule("E101", "Unknown key", "A misspelt key would be ignored, and nobody would know.", "sya: Hello"),
    Rule(
        "E102",
        "A step has no kind, or two",
        "The key is the kind: exactly one of them in each step.",
        "- say: Hello\n  ask: How are you?",
    ),
    Rule("E103", "No such step", "A way leads to a step that is not in this flow.", "next: mneu"),
    Rule("E104", "Two steps of one name", "Ways, traces and results name a step by its id."),
    Rule(
        "E105",
        "Unknown variable",
        "It would be empty in messages, and fail in calls. Upper-case names are built in; settings and"
        " secrets can be used in connectors alone.",
        "say: $RUNBOKRESULT",
    ),
    Rule("E106", "No such runbook, connector or method", "The step could only fail."),
    Rule(
        "E107",
        "An outcome leads nowhere",
        "The flow moves on by the outcome of the run, so `success` and `failure` are both written.",
        "- runbook: unlock-account\n  outcomes: {success: done}",
    ),
    Rule(
        "E108",
        "A runbook falls off its end",
        "A run ends in an `end` step; without one nobody could say how it ended.",
    ),
    Rule(
        "E109",
        "There is no retry",
        "A run has one attempt. Lead `failure` back to a question, or to an End that says so.",
        "- runbook: unlock-account\n  retry: 3",
    ),
    Rule(
        "E111",
        "An input is missing, unknown or wrong",
        "The start would be refused.",
        "- runbook: unlock-account\n  with: {lgoin: $login}",
    ),
    Rule("E112", "A value of the wrong form", "The key is known; what stands there cannot be used."),
    Rule("E113", "A key is missing", "The definition is not complete without it."),
    Rule(
        "E114",
        "A way leads into a loop",
        "The steps inside a loop are entered by the loop, which knows the element. Lead to the loop itself.",
    ),
    Rule(
        "E115",
        "Steps that never wait lead to each other",
        "The flow would go round without end; it is stopped after 200 steps.",
        "- {id: a, say: Hello, next: b}\n- {id: b, say: Again, next: a}",
    ),
    Rule(
        "E116",
        "The runbook is disabled",
        "The step could only take `failure`. Enable the runbook, or take the step out.",
    ),
    Rule("E117", "Runbooks nested too deep", "At most 5 runs may stand in one another."),
    Rule(
        "E118",
        "A reserved name",
        "`chat`, `run`, `last`, `results`, `error`, `env` and `secret` lead to built-in values.",
        "save: error",
    ),
    Rule(
        "E119",
        "A callback is waited for more than once",
        "The address of a `wait_for` step works once, so the step is come to once: not inside a loop, and"
        " not by a way back.",
        "- for_each: $logins\n  as: login\n  steps: [{id: answer, wait_for: callback}]",
    ),
    Rule("W201", "A step is never reached", "No way leads to it."),
    Rule(
        "W202",
        "People wait for a long runbook",
        "The chat stands still until the run has ended, and people leave. Over 60 s, run it in the background"
        " (`mode: async`), or go on after a while (`wait_up_to`).",
    ),
    Rule(
        "W206",
        "A runbook works in silence",
        "It may take more than 10 s and says nothing while the chat waits. Add a `chat_message` before what"
        " is slow.",
    ),
    Rule(
        "W208",
        "A condition does not fit the results",
        "The results of a runbook are known texts, so it can be seen that a condition on"
        " `$RUNBOOKRESULT` never holds, holds for successes too, or misses a failure. Every failure that has"
        " no End begins `Runbook failed: `. `$RUNBOOKOUTCOME` does not hang on wording.",
        "if: {RUNBOOKRESULT: {contains: faild}}",
    ),
    Rule(
        "W209",
        "An outcome can never happen",
        "`started` belongs to runs in the background, `still_running` to `wait_up_to`. In the background,"
        " `success` is only taken where `started` is not written.",
    ),
    Rule(
        "W210",
        "Runbooks start each other in a circle",
        "Unless a condition stops it, the fifth run is refused.",
    ),
    Rule(
        "W211",
        "A variable has no value yet",
        "On some way to this step nothing has set it: it is empty in messages, and fails in calls. Give a"
        " default, `${login:-nobody}`, if that is meant.",
    ),
    Rule(
        "W212",
        "A chat stops without a word",
        "Its last step leads nowhere. Write an `end` with closing words.",
    ),
    Rule(
        "W213",
        "The result may be another run's",
        "`$RUNBOOKRESULT` is of the run that finished last, and a run in the background may have finished"
        " meanwhile, or may have only begun. `${results.RUNBOOK.message}` names the runbook.",
    ),
    Rule(
        "W214",
        "People may come here who may not start it",
        "The start is refused for them, and the chat takes `failure`. Widen the runbook's `audience`, or ask"
        " `if: {chat.authenticated: {is: true}}` first.",
    ),
    Rule(
        "W216",
        "Nobody can call back",
        "The step waits for a POST to `${ID.url}`, and no step sends that address to anybody.",
        "- {id: answer, wait_for: callback}",
    ),
    Rule(
        "W217",
        "A run ends before its wait",
        "The run's own `timeout` counts while it waits: 1m if left out, 1h if asynchronous. So the exit"
        " `timeout` is never taken.",
    ),
    Rule("W215", "Destructive, but changes nothing", "`destructive: true` goes with `changes: true`."),
    Rule(
        "W216",
        "A text for people names a secret",
        "What is `secret` is masked wherever it turns up, so the text shows ••• there.",
        "say: Your PIN is $pin",
    ),
)

RULES: Final[dict[str, Rule]] = {rule.code: rule for rule in _ALL}
