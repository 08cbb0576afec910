"""One project, and what each rule says when a file of it is changed.

A case is (code, sentence, files): the files replace those of `GOOD`; their marks say where the
findings stand. A case without marks is a good one that must stay silent.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One change to the good project."""

    code: str
    name: str
    files: dict[str, str]


PROFILE = """
    kind: chat-profile
    id: desk
    audience: anyone
    variables: {login: {}}
    flow:
      - id: ask_login
        ask: Which login?
        save: login
      - id: fix
        runbook: fix
        with: {login: $login}
        outcomes: {success: told, failure: told}
      - id: told
        say: $RUNBOOKRESULT
      - id: check
        if: {RUNBOOKRESULT: {contains: failed}}
        then: ask_login
        else: bye
      - id: bye
        end: Bye.
"""
RUNBOOK = """
    kind: runbook
    id: fix
    audience: anyone
    timeout: 30s
    inputs: {login: {required: true, matches: '[a-z.]+'}}
    steps:
      - chat_message: Looking up $login …
      - id: find
        call: sys.get_user
        with: {login: $login}
        save: {locked: body.locked}
        outcomes: {failure: lost}
      - end: success
        result: "Done, locked: $locked"
      - id: lost
        end: failure
        result: "Fix failed: $ERROR"
"""
CONNECTOR = """
    kind: connector
    id: sys
    base_url: https://sys.example
    methods:
      get_user: {get: "/users/{login}"}
      note: {post: /notes, json: {text: $text, by: "${by:-nobody}"}}
"""
LATER = """
    kind: runbook
    id: later
    audience: anyone
    method: asynchronous
    steps:
      - pause: 1m
      - end: success
        result: The long one is done.
"""
GOOD = {
    "profiles/desk.yaml": PROFILE,
    "runbooks/fix.yaml": RUNBOOK,
    "runbooks/later.yaml": LATER,
    "connectors/sys.yaml": CONNECTOR,
}


def profile(flow: str, head: str = "") -> dict[str, str]:
    """Another chat."""
    return {"profiles/desk.yaml": f"kind: chat-profile\nid: desk\n{head}flow:\n{flow}"}


def runbook(steps: str, head: str = "audience: anyone\ntimeout: 10s\n", id: str = "other") -> dict[str, str]:
    """One more runbook."""
    return {f"runbooks/{id}.yaml": f"kind: runbook\nid: {id}\n{head}steps:\n{steps}"}


RUN = "- id: fix\n  runbook: fix\n  with: {login: a}\n  outcomes: {success: told, failure: told}\n"
TOLD = "- id: told\n  say: $RUNBOOKRESULT\n- end: Bye.\n"
END = "- end: success\n"

OVER = "- id: over\n  end: failure\n"
ASKED = "- call: sys.get_user\n  with: {login: '${answer.url}'}\n"
HOOK = "kind: webhook\nid: hook\nrunbook: fix\n"


def webhook(runbook: str, inputs: str, mark: str = "", more: str = "") -> dict[str, str]:
    """A webhook of that runbook."""
    head = f"kind: webhook\nid: hook\nrunbook: {runbook}\nsecret: ${{secret.HOOK}}\n"
    return {"webhooks/hook.yaml": f"{head}{mark}inputs: {inputs}\n{more}"}


CASES = [
    # --- structure ---------------------------------------------------------------------
    Case("E101", "a misspelt key", profile("- say: Hi\n  ⟦E101⟧nxt: bye\n- id: bye\n  end: Bye.\n")),
    Case(
        "E101",
        "a misspelt outcome",
        profile(
            "- runbook: fix\n  with: {login: a}\n  outcomes: {⟦E101⟧sucess: bye, failure: bye}\n- id: bye\n  end: Bye.\n"
        ),
    ),
    Case("E102", "a misspelt kind", profile("- ⟦E102⟧sya: Hi\n- end: Bye.\n")),
    Case("E102", "two kinds in one step", profile("- say: Hi\n  ⟦E102⟧ask: How?\n- end: Bye.\n")),
    Case("E102", "a runbook's step in a chat", profile("- ⟦E102⟧call: sys.get_user\n- end: Bye.\n")),
    Case("E102", "a step that is only a text", profile("- ⟦E102⟧Hello\n- end: Bye.\n")),
    Case(
        "E103",
        "a way to a step that is not there",
        profile("- say: Hi\n  next: ⟦E103⟧bey\n- id: bye\n  end: Bye.\n"),
    ),
    Case(
        "E103",
        "options, outcomes, then and else",
        profile("""\
- id: menu
  ask: What?
  options: {One: ⟦E103⟧oen, Two: menu}
- if: {chat.authenticated: {is: true}}
  then: ⟦E103⟧thn
  else: menu
- ask: Again?
  options:
    - label: Yes
      next: ⟦E103⟧mneu
    - label: No
      next: bye
- id: bye
  end: Bye.
"""),
    ),
    Case("E104", "an id that is there twice", profile("- id: a\n  say: Hi\n- id: ⟦E104⟧a\n  end: Bye.\n")),
    Case(
        "E104",
        "an id like the one that a nameless step gets",
        profile("- id: say-1\n  say: Hi\n- ⟦E104⟧say: Hello\n- end: Bye.\n"),
    ),
    Case(
        "E109",
        "a retry on a runbook step",
        profile(
            "- runbook: fix\n  with: {login: a}\n  ⟦E109⟧retry: 3\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"
        ),
    ),
    Case(
        "E109", "a retry of a question is fine", profile("- ask: What?\n  retry: {times: 1}\n- end: Bye.\n")
    ),
    Case("E112", "what is no duration", runbook(f"- pause: ⟦E112⟧5 minutes\n{END}")),
    Case("E112", "a number where a text belongs", profile("- say: ⟦E112⟧5\n- end: Bye.\n")),
    Case(
        "E112",
        "an unknown operator, in the middle of a condition",
        profile(
            "- id: a\n  ask: What?\n- if: {any: [{login: {⟦E112⟧contians: x}}]}\n  then: a\n- end: Bye.\n"
        ),
    ),
    Case("E112", "an open brace in a text", profile("- say: Hi ⟦E112⟧${login\n- end: Bye.\n")),
    Case("E113", "a runbook without steps", {"runbooks/other.yaml": "⟦E113⟧kind: runbook\nid: other\n"}),
    Case(
        "E113",
        "a loop without its variable",
        runbook(f"- ⟦E113⟧for_each: $RUN_ID\n  steps:\n    - chat_message: x\n{END}"),
    ),
    # --- ways --------------------------------------------------------------------------
    Case(
        "E107",
        "an outcome that is not written",
        profile("- runbook: fix\n  with: {login: a}\n  ⟦E107⟧outcomes: {success: b}\n- id: b\n  end: Bye.\n"),
    ),
    Case("E107", "no outcomes at all", profile("- ⟦E107⟧runbook: fix\n  with: {login: a}\n- end: Bye.\n")),
    Case(
        "E107", "in a runbook as well", runbook("- ⟦E107⟧runbook: fix\n  with: {login: a}\n- end: success\n")
    ),
    Case("E108", "a runbook that ends in a message", runbook("- ⟦E108⟧chat_message: Done\n")),
    Case(
        "E108",
        "one branch of a condition falls off",
        runbook(
            "- id: done\n  if: {RUN_ID: {is: x}}\n  then: ok\n  else: said\n- id: ok\n  end: success\n"
            "- ⟦E108⟧id: said\n  pause: 1s\n"
        ),
    ),
    Case(
        "E108",
        "the end of a loop's body is no end of the runbook",
        runbook(
            f"- for_each: $list\n  as: item\n  steps:\n    - chat_message: $item\n{END}",
            head="audience: anyone\ntimeout: 10s\ninputs: {list: {type: list}}\n",
        ),
    ),
    Case(
        "E114",
        "a way into a loop",
        runbook(
            """\
- chat_message: x
  next: ⟦E114⟧inside
- id: each
  for_each: $list
  as: item
  steps:
    - id: inside
      chat_message: $item
- end: success
""",
            head="audience: anyone\ninputs: {list: {type: list}}\n",
        ),
    ),
    Case(
        "E114",
        "a way out of a loop, and within it, is fine",
        runbook(
            """\
- for_each: $list
  as: item
  steps:
    - if: {item: {is: stop}}
      then: out
      else: within
    - id: within
      chat_message: $item
- id: out
  end: success
""",
            head="audience: anyone\ninputs: {list: {type: list}}\n",
        ),
    ),
    Case(
        "E115",
        "two messages that lead to each other",
        profile("- ⟦E115⟧id: a\n  say: Hi\n- id: b\n  say: Ho\n  next: a\n"),
    ),
    Case("E115", "a step that leads to itself", profile("- ⟦E115⟧id: a\n  say: Hi\n  next: a\n")),
    Case(
        "E115",
        "a background run started again and again",
        profile("- ⟦E115⟧id: a\n  runbook: later\n  outcomes: {success: a, started: a, failure: a}\n"),
    ),
    Case("E115", "a question in between is fine", profile("- id: a\n  say: Hi\n- ask: What?\n  next: a\n")),
    Case(
        "E115",
        "so is a flag that the circle sets for itself",
        profile(
            "- id: a\n  if: {flag: {is: true}}\n  then: bye\n- set: {flag: true}\n  next: a\n- id: bye\n  end: Bye.\n"
        ),
    ),
    Case("W201", "a step after an end", profile("- end: Bye.\n- ⟦W201⟧say: Hello?\n- end: Bye.\n")),
    Case("W212", "a chat that stops after its last message", profile("- say: Hi\n- ⟦W212⟧say: Bye.\n")),
    Case(
        "W212",
        "an option at the end that leads nowhere",
        profile("- ⟦W212⟧id: menu\n  ask: What?\n  options: [{label: Again, next: menu}, Stop]\n"),
    ),
    # --- names -------------------------------------------------------------------------
    Case("E105", "a misspelt built-in name", profile("- say: Hello, ⟦E105⟧$RUNBOKRESULT\n- end: Bye.\n")),
    Case(
        "E105",
        "a misspelt variable, twice in one text, in a folded block",
        profile(
            "- ask: Who?\n  save: login\n- say: >\n    Hi $login,\n    or ⟦E105⟧${logn}, or ⟦E105⟧${logn:-x}?\n- end: Bye.\n"
        ),
    ),
    Case(
        "E105",
        "a misspelt field of a condition",
        profile("- id: a\n  ask: What?\n- if: {⟦E105⟧RUNBOOKRESLT: {contains: x}}\n  then: a\n- end: Bye.\n"),
    ),
    Case("E105", "a run's name in a chat", profile("- say: This is ⟦E105⟧$RUN_ID\n- end: Bye.\n")),
    Case("E105", "a secret in a message", profile("- say: Psst, ⟦E105⟧${secret.TOKEN}\n- end: Bye.\n")),
    Case(
        "E105",
        "a part that a step does not bring",
        runbook(
            f"- id: find\n  call: sys.get_user\n  with: {{login: x}}\n- chat_message: ⟦E105⟧${{find.stats}}\n{END}"
        ),
    ),
    Case(
        "E105",
        "in a call's nested body, and in a list",
        runbook(f"- call: sys.note\n  with: {{text: {{a: [x, '⟦E105⟧$nobody']}}}}\n{END}"),
    ),
    Case(
        "E105",
        "in what the bot says to a global word",
        profile("- end: Bye.\n", head="words: {help: {words: [help], say: 'Ask ⟦E105⟧$nobody'}}\n"),
    ),
    Case(
        "E105",
        "names that exist",
        profile("""\
- ask: Who?
  save: login
- id: fix
  runbook: fix
  with: {login: $login}
  outcomes: {success: told, failure: told}
- id: told
  say: "$RUNBOOKRESULT ${last.data.x} ${results.fix.data.a.b} ${fix.result} ${chat.user.name:-x} $$5 costs $5"
- end: Bye ${CHAT_USER_NAME:-you}, $CHAT_ID.
"""),
    ),
    Case(
        "E106",
        "a misspelt runbook",
        profile("- runbook: ⟦E106⟧fxi\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
    ),
    Case(
        "E106",
        "a misspelt connector, and a misspelt method",
        runbook(
            f"- call: ⟦E106⟧sis.get_user\n  with: {{login: a}}\n- call: ⟦E106⟧sys.get_usr\n  with: {{login: a}}\n{END}"
        ),
    ),
    Case(
        "E106",
        "the result of a runbook that is not there",
        profile("- say: ⟦E106⟧${results.fxi.message}\n- end: Bye.\n"),
    ),
    Case(
        "E106",
        "in a test",
        {
            "tests/a.yaml": """
        kind: test
        profile: ⟦E106⟧dsek
        cases:
          - name: a
            connectors: {⟦E106⟧sys.get_usr: {status: 200}}
            talk: [{user: hello}]
            expect: {runs: [{runbook: ⟦E106⟧fxi}]}
    """
        },
    ),
    Case(
        "E118",
        "built-in names as variables",
        profile(
            "- ask: What?\n  save: ⟦E118⟧error\n- set: {⟦E118⟧last: 1}\n- end: Bye.\n",
            head="variables: {⟦E118⟧chat: {}}\n",
        ),
    ),
    Case(
        "E118",
        "built-in names in a runbook",
        runbook(
            f"- call: sys.get_user\n  with: {{login: a}}\n  save: {{⟦E118⟧run: body}}\n{END}",
            head="audience: anyone\ntimeout: 10s\ninputs: {⟦E118⟧results: {}}\n",
        ),
    ),
    Case(
        "W211",
        "a variable that only one way sets",
        profile("""\
- id: menu
  ask: What?
  options: {One: one, Two: two}
- id: one
  ask: Which login?
  save: login
- id: two
  say: Hello ⟦W211⟧$login
- end: Bye.
"""),
    ),
    Case(
        "W211",
        "a variable that nothing has set yet",
        profile("- say: Hello ⟦W211⟧$login\n- ask: Who?\n  save: login\n- end: Bye.\n"),
    ),
    Case(
        "W211",
        "the answer of a call that failed",
        runbook(
            "- id: find\n  call: sys.get_user\n  with: {login: a}\n  save: {locked: body.locked}\n  outcomes: {failure: bad}\n"
            "- end: success\n  result: $locked\n- id: bad\n  end: failure\n  result: ⟦W211⟧$locked\n"
        ),
    ),
    Case(
        "W211",
        "the result of a step that was not there yet",
        profile("""\
- say: Last time, ⟦W211⟧${fix.result}
- id: fix
  runbook: fix
  with: {login: a}
  outcomes: {success: b, failure: b}
- id: b
  end: ${fix.result}
"""),
    ),
    Case(
        "W211",
        "defaults, conditions and loops are fine",
        runbook(
            """\
- for_each: $list
  as: item
  steps:
    - chat_message: $item
- if: {locked: {is: true}}
  then: bad
- end: success
  result: ${locked:-no} $list
- id: bad
  set: {locked: false}
- end: failure
  result: $locked
""",
            head="audience: anyone\ntimeout: 10s\ninputs: {list: {type: list}}\n",
        ),
    ),
    # --- runs --------------------------------------------------------------------------
    Case(
        "E111",
        "an input that is missing",
        profile("- ⟦E111⟧runbook: fix\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
    ),
    Case(
        "E111",
        "an input that is not there",
        profile(
            "- runbook: fix\n  with: {login: a, ⟦E111⟧lgoin: b}\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"
        ),
    ),
    Case(
        "E111",
        "an input that would be refused",
        profile(
            "- runbook: fix\n  with: {login: ⟦E111⟧A5}\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"
        ),
    ),
    Case(
        "E111",
        "what a method needs, and what it has no use for",
        runbook(
            f"- call: sys.get_user\n  ⟦E111⟧with: {{⟦E111⟧lgin: a}}\n- call: sys.note\n  with: {{text: a}}\n{END}"
        ),
    ),
    Case(
        "E111",
        "the long form of a message needs its chat",
        runbook(f"- call: chat.add_message\n  ⟦E111⟧with: {{text: Hi}}\n{END}"),
    ),
    Case(
        "E111",
        "a schedule gives nothing",
        {
            "runbooks/other.yaml": "kind: runbook\nid: other\n⟦E111⟧schedule: {every: 1h}\ninputs: {a: {required: true}, b: {}, "
            f"c: {{required: true, default: 1}}}}\nsteps:\n{END}"
        },
    ),
    Case(
        "E116",
        "a disabled runbook",
        {
            **profile("- runbook: ⟦E116⟧off\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
            **runbook(END, head="audience: anyone\ndisabled: true\n", id="off"),
        },
    ),
    Case(
        "E117",
        "a chain of six",
        {
            **{
                name: text
                for number in range(1, 6)
                for name, text in runbook(
                    f"- runbook: {'⟦E117⟧' if number == 1 else ''}r{number + 1}\n  outcomes: {{success: e, failure: e}}\n"
                    "- id: e\n  end: success\n",
                    id=f"r{number}",
                ).items()
            },
            **runbook(END, id="r6"),
        },
    ),
    Case(
        "W210",
        "two that start each other",
        {
            **runbook(
                "- runbook: ⟦W210⟧b\n  outcomes: {success: e, failure: e}\n- id: e\n  end: success\n", id="a"
            ),
            **runbook(
                "- runbook: ⟦W210⟧a\n  outcomes: {success: e, failure: e}\n- id: e\n  end: success\n", id="b"
            ),
        },
    ),
    Case(
        "W210",
        "a chain that comes to a circle is told there",
        {
            **runbook(
                "- runbook: b\n  outcomes: {success: e, failure: e}\n- id: e\n  end: success\n", id="a"
            ),
            **runbook(
                "- runbook: ⟦W210⟧b\n  outcomes: {success: e, failure: e}\n- id: e\n  end: success\n", id="b"
            ),
        },
    ),
    Case(
        "W202",
        "people wait for minutes",
        {
            **profile("- runbook: ⟦W202⟧slow\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
            **runbook(f"- chat_message: x\n{END}", head="audience: anyone\ntimeout: 61s\n", id="slow"),
        },
    ),
    Case(
        "W202",
        "a minute, patience, agents and the background are fine",
        {
            **profile("""\
- runbook: slow
  wait_up_to: 60s
  outcomes: {success: b, failure: b, still_running: b}
- id: b
  runbook: slow
  mode: async
  outcomes: {success: c, started: c, failure: c}
- id: c
  runbook: minute
  outcomes: {success: d, failure: d}
- id: d
  end: Bye.
"""),
            "profiles/staff.yaml": "kind: chat-profile\nid: staff\naudience: agents\nflow:\n- runbook: slow\n"
            "  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n",
            **runbook(f"- chat_message: x\n{END}", head="audience: anyone\ntimeout: 2h\n", id="slow"),
            **runbook(f"- chat_message: x\n{END}", head="audience: anyone\ntimeout: 60s\n", id="minute"),
        },
    ),
    Case(
        "W206",
        "a silent wait",
        {
            **profile("- runbook: ⟦W206⟧mute\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
            **runbook(f"- pause: 1s\n{END}", head="audience: anyone\ntimeout: 11s\n", id="mute"),
        },
    ),
    Case(
        "W206",
        "ten seconds are fine, and so is one that waits for nothing",
        {
            **profile(
                "- runbook: mute\n  outcomes: {success: b, failure: b}\n- id: b\n  runbook: quick\n"
                "  outcomes: {success: c, failure: c}\n- id: c\n  end: Bye.\n"
            ),
            **runbook(f"- pause: 1s\n{END}", head="audience: anyone\ntimeout: 10s\n", id="mute"),
            **runbook(f"- set: {{a: 1}}\n{END}", head="audience: anyone\ntimeout: 50s\n", id="quick"),
        },
    ),
    Case(
        "W209",
        "started, of a run that is waited for",
        profile(
            "- runbook: fix\n  with: {login: a}\n  outcomes: {⟦W209⟧started: b, success: b, failure: b}\n- id: b\n  end: Bye.\n"
        ),
    ),
    Case(
        "W209",
        "success elsewhere, of a run in the background",
        profile(
            "- runbook: later\n  outcomes: {started: b, ⟦W209⟧success: c, failure: b}\n- id: b\n  say: It runs.\n"
            "- id: c\n  end: Bye.\n"
        ),
    ),
    Case(
        "W214",
        "strangers, and a runbook for people we know",
        {
            **profile("- runbook: ⟦W214⟧inner\n  outcomes: {success: b, failure: b}\n- id: b\n  end: Bye.\n"),
            **runbook(END, head="", id="inner"),
        },
    ),
    Case(
        "W214",
        "the same after asking who they are",
        {
            **profile("""\
- if: {chat.authenticated: {is: true}}
  then: inner
  else: bye
- id: inner
  runbook: inner
  outcomes: {success: bye, failure: bye}
- id: bye
  end: Bye.
"""),
            **runbook(END, head="", id="inner"),
        },
    ),
    Case(
        "W214",
        "the wrong side of the question",
        {
            **profile("""\
- if: {CHAT_AUTHENTICATED: {is: true}}
  then: bye
  else: inner
- id: inner
  runbook: ⟦W214⟧inner
  outcomes: {success: bye, failure: bye}
- id: bye
  end: Bye.
"""),
            **runbook(END, head="", id="inner"),
        },
    ),
    Case(
        "W214",
        "a run for everybody that starts one for people we know",
        {
            **runbook(
                "- runbook: ⟦W214⟧inner\n  outcomes: {success: e, failure: e}\n- id: e\n  end: success\n"
            ),
            **runbook(END, head="", id="inner"),
        },
    ),
    Case(
        "W215",
        "destructive, and no change",
        {"runbooks/other.yaml": f"kind: runbook\nid: other\n⟦W215⟧destructive: true\nsteps:\n{END}"},
    ),
    # --- results -----------------------------------------------------------------------
    Case(
        "W208",
        "a word that no result has",
        {
            **profile(
                f"{RUN}- id: told\n  if: {{RUNBOOKRESULT: {{contains: ⟦W208⟧faild}}}}\n  then: bye\n- id: bye\n  end: Bye.\n"
            ),
            "runbooks/fix.yaml": RUNBOOK.replace("Done, locked: $locked", "Done, $login is open."),
        },
    ),
    Case(
        "W208",
        "a word of runs that are stopped, and data that may have any word",
        profile(
            f"{RUN}- id: told\n  if: {{any: [{{RUNBOOKRESULT: {{contains: cancelled}}}}, {{RUNBOOKRESULT: {{is: 'Done, locked: yes'}}}}]}}\n"
            "  then: bye\n- id: bye\n  end: Bye.\n"
        ),
    ),
    Case(
        "W208",
        "a word of runs that are stopped, where no End has it",
        {
            **profile(
                f"{RUN}- id: told\n  if: {{RUNBOOKRESULT: {{contains: cancelled}}}}\n  then: bye\n- id: bye\n  end: Bye.\n"
            ),
            "runbooks/fix.yaml": RUNBOOK.replace("Done, locked: $locked", "Done, $login is open."),
        },
    ),
    Case(
        "W208",
        "a word that successes have as well",
        {
            **profile(
                f"{RUN}- id: told\n  if: {{RUNBOOKRESULT: {{contains: ⟦W208⟧failed}}}}\n  then: bye\n- id: bye\n  end: Bye.\n"
            ),
            "runbooks/fix.yaml": RUNBOOK.replace("Done, locked: $locked", "It has not failed.").replace(
                "        save: {locked: body.locked}\n", ""
            ),
        },
    ),
    Case(
        "W208",
        "a failure that lacks the word",
        {
            **profile(
                f"{RUN}- id: told\n  if: {{RUNBOOKRESULT: {{contains: ⟦W208⟧failed}}}}\n  then: bye\n- id: bye\n  end: Bye.\n"
            ),
            "runbooks/fix.yaml": RUNBOOK.replace("Fix failed: $ERROR", "There is no account $login."),
        },
    ),
    Case(
        "W208",
        "only what comes here counts",
        {
            **profile("""\
- id: fix
  runbook: fix
  with: {login: a}
  outcomes: {success: bye, failure: check}
- id: check
  if: {RUNBOOKRESULT: {contains: no account}}
  then: bye
- id: bye
  end: Bye.
"""),
            "runbooks/fix.yaml": RUNBOOK.replace("Fix failed: $ERROR", "There is no account $login."),
        },
    ),
    Case(
        "W208",
        "an outcome that does not exist",
        profile(
            f"{RUN}- id: told\n  if: {{RUNBOOKOUTCOME: {{is: ⟦W208⟧failed}}}}\n  then: bye\n- id: bye\n  end: Bye.\n"
        ),
    ),
    Case(
        "W208",
        "outcomes that exist, and data from outside",
        {
            **profile(
                f"{RUN}- id: told\n  if: {{RUNBOOKOUTCOME: {{is: failure}}, RUNBOOKRESULT: {{not_contains: delivered}}}}\n"
                "  then: bye\n- id: bye\n  end: Bye.\n"
            ),
            "runbooks/fix.yaml": RUNBOOK.replace("Done, locked: $locked", "It is $locked."),
        },
    ),
    Case(
        "W213",
        "a background run meanwhile",
        profile("""\
- runbook: later
  outcomes: {success: fix, started: fix, failure: fix}
- id: fix
  runbook: fix
  with: {login: a}
  outcomes: {success: more, failure: more}
- id: more
  ask: Anything else?
- if: {⟦W213⟧RUNBOOKRESULT: {contains: failed}}
  then: more
- end: Bye.
"""),
    ),
    Case(
        "W213",
        "the result of what has only begun",
        profile("""\
- runbook: later
  outcomes: {success: told, started: told, failure: told}
- id: told
  say: ⟦W213⟧$RUNBOOKRESULT
- end: Bye.
"""),
    ),
    Case(
        "W213",
        "once something was waited for, the author means whatever came",
        profile("""\
- runbook: later
  outcomes: {success: more, started: more, failure: more}
- id: more
  ask: Shall I look?
- say: $RUNBOOKRESULT
- if: {RUNBOOKRESULT: {empty: true}}
  then: more
- end: Bye.
"""),
    ),
    Case(
        "W213",
        "asked at once, or by name, is fine",
        profile("""\
- runbook: later
  outcomes: {success: more, started: more, failure: bad}
- id: more
  ask: More?
- id: fix
  runbook: fix
  with: {login: a}
  outcomes: {success: check, failure: check}
- id: check
  if: {RUNBOOKRESULT: {contains: failed}}
  then: more
- ask: And now?
- if: {results.fix.message: {contains: failed}}
  then: more
- id: bad
  end: Bye.
"""),
    ),
    Case(
        "E113",
        "a wait without a name",
        runbook(f"- ⟦E113⟧wait_for: callback\n  timeout: 5s\n  outcomes: {{timeout: over}}\n{OVER}"),
    ),
    Case(
        "W216",
        "an address that nobody is told",
        runbook(f"- id: answer\n  ⟦W216⟧wait_for: callback\n  timeout: 5s\n{END}"),
    ),
    Case(
        "W216",
        "a variable of the step's name hides its address",
        runbook(
            f"- call: sys.get_user\n  with: {{login: '${{answer.url:-x}}'}}\n- id: answer\n  ⟦W216⟧wait_for: callback\n  timeout: 5s\n  save: {{answer: body}}\n{END}"
        ),
    ),
    Case(
        "W216",
        "one that is told before",
        runbook(f"{ASKED}- id: answer\n  wait_for: callback\n  timeout: 5s\n{END}"),
    ),
    Case(
        "W217",
        "a wait that is longer than the run",
        runbook(f"{ASKED}- id: answer\n  wait_for: callback\n  ⟦W217⟧timeout: 10s\n{END}"),
    ),
    Case("W217", "also by default", runbook(f"{ASKED}- id: answer\n  ⟦W217⟧wait_for: callback\n{END}")),
    Case(
        "E119",
        "a wait inside a loop",
        runbook(
            f"""\
{ASKED}- for_each: $logins
  as: login
  steps:
    - id: answer
      ⟦E119⟧wait_for: callback
      timeout: 5s
{END}""",
            head="audience: anyone\ntimeout: 10s\ninputs: {logins: {type: list}}\n",
        ),
    ),
    Case(
        "E119",
        "a way back to a wait",
        runbook(f"""\
{ASKED}- id: answer
  ⟦E119⟧wait_for: callback
  timeout: 5s
  outcomes: {{timeout: again}}
{END}- id: again
  if: {{ERROR: {{contains: x}}}}
  then: answer
  else: over
{OVER}"""),
    ),
    Case(
        "E106",
        "a webhook of a runbook that is not there",
        webhook("⟦E106⟧fxi", "{login: body.login}"),
    ),
    Case(
        "E111",
        "a webhook with an unknown input",
        webhook("fix", "{login: body.login, ⟦E111⟧lgoin: body.login}"),
    ),
    Case("E111", "a webhook that gives too little", webhook("fix", "{}", "⟦E111⟧")),
    Case("E112", "a webhook that looks elsewhere", webhook("fix", "{login: ⟦E112⟧query.login}")),
    Case(
        "E112",
        "a secret in a file",
        {"webhooks/hook.yaml": f"{HOOK}secret: ⟦E112⟧hunter2\ninputs: {{login: body}}\n"},
    ),
    Case(
        "E112",
        "a part of a secret",
        {"webhooks/hook.yaml": f"{HOOK}secret: ⟦E112⟧x${{secret.HOOK}}\ninputs: {{login: body}}\n"},
    ),
    Case(
        "E112",
        "an environment variable as a secret",
        {"webhooks/hook.yaml": f"{HOOK}secret: ${{⟦E112⟧env.HOOK}}\ninputs: {{login: body}}\n"},
    ),
    Case(
        "E113", "a webhook without a secret", {"webhooks/hook.yaml": f"⟦E113⟧{HOOK}inputs: {{login: body}}\n"}
    ),
    Case(
        "E112",
        "an end that is no date",
        {
            "webhooks/hook.yaml": f"{HOOK}secret: ${{secret.A}}\nold_secrets: [{{secret: '${{secret.B}}', until: ⟦E112⟧soon}}]\ninputs: {{login: body}}\n"
        },
    ),
    Case(
        "E105",
        "a webhook's condition on a chat",
        webhook("fix", "{login: body.login}", more="⟦E105⟧only: {chat.authenticated: {is: true}}\n"),
    ),
    Case(
        "E105",
        "on the request is fine",
        webhook(
            "fix",
            "{login: headers.X-Login}",
            more="only: {any: [{body.a: {is: '${headers.x-b}'}}, {headers.x-b: {empty: false}}]}\n",
        ),
    ),
    Case(
        "E116",
        "a webhook of a disabled runbook",
        webhook("⟦E116⟧off", "{}") | runbook(END, "audience: anyone\ntimeout: 10s\ndisabled: true\n", "off"),
    ),
    Case(
        "W214",
        "a webhook that may not start its runbook",
        webhook("⟦W214⟧some", "{}") | runbook(END, "audience: anonymous\ntimeout: 10s\n", "some"),
    ),
    # --- forms and secrets -----------------------------------------------------------------
    Case(
        "E105",
        "a field that is not declared",
        profile(
            "- ask: Who?\n  fields: [login, ⟦E105⟧lgoin, ⟦E105⟧other]\n- end: Bye.\n",
            "variables: {login: {}}\n",
        ),
    ),
    Case(
        "E112",
        "a field that nobody can write",
        profile(
            "- ask: Who?\n  fields: [⟦E112⟧all, ⟦E112⟧one, day]\n- end: Bye.\n",
            "variables: {all: {type: list}, one: {type: object}, day: {type: date}}\n",
        ),
    ),
    Case(
        "E112",
        "a form with options",
        profile(
            "- ask: Who?\n  ⟦E112⟧options: [a]\n  fields: [login]\n- end: Bye.\n", "variables: {login: {}}\n"
        ),
    ),
    Case(
        "E112",
        "a form that keeps its answer",
        profile(
            "- ask: Who?\n  fields: [login]\n  ⟦E112⟧save: login\n- end: Bye.\n", "variables: {login: {}}\n"
        ),
    ),
    Case(
        "E112",
        "a field twice",
        profile("- ask: Who?\n  ⟦E112⟧fields: [login, login]\n- end: Bye.\n", "variables: {login: {}}\n"),
    ),
    Case(
        "E118",
        "a field of a reserved name",
        profile("- ask: Who?\n  fields: [⟦E118⟧error]\n- end: Bye.\n", "variables: {⟦E118⟧error: {}}\n"),
    ),
    Case(
        "W211",
        "each field has a value after the form, and its files are there",
        profile(
            "- id: form\n  ask: Who?\n  fields: [login, pin]\n"
            "- end: Bye $login ${form.files.0.name:-} ${pin}.\n",
            "variables: {login: {}, pin: {}}\n",
        ),
    ),
    Case(
        "W211",
        "a field that another way leaves out",
        profile(
            "- ask: Form?\n  options: {Yes: form, No: bye}\n- id: form\n  ask: Who?\n  fields: [login]\n"
            "- id: bye\n  end: Bye ⟦W211⟧$login.\n",
            "variables: {login: {}}\n",
        ),
    ),
    Case(
        "E105",
        "something that a question does not bring",
        profile("- id: q\n  ask: Who?\n- end: ⟦E105⟧${q.result}\n"),
    ),
    Case(
        "W216",
        "a secret in what people read",
        {
            **profile(
                "- ask: PIN?\n  save: pin\n- say: ⟦W216⟧$pin\n- ask: Is ⟦W216⟧${pin} right?\n"
                "  retry: {say: 'No ⟦W216⟧$pin'}\n- end: Bye ⟦W216⟧$pin\n",
                "variables: {pin: {secret: true}}\nwords: {help: {words: [help], say: 'It is ⟦W216⟧${pin:-}'}}\n",
            ),
            **runbook(
                "- chat_message: ⟦W216⟧$code\n- call: chat.add_message\n"
                "  with: {chat_id: '${chat.id}', text: 'It is ⟦W216⟧$code'}\n"
                "- end: success\n  result: ⟦W216⟧$code\n  data: {code: $code}\n",
                "audience: anyone\ntimeout: 10s\ninputs: {code: {secret: true}}\n",
            ),
        },
    ),
    Case(
        "W216",
        "a secret that is passed on, compared and sent",
        {
            **profile(
                "- ask: PIN?\n  save: pin\n- if: {pin: {is: $pin}}\n  then: bye\n"
                "- id: fix\n  runbook: fix\n  with: {login: $pin}\n  outcomes: {success: bye, failure: bye}\n"
                "- id: bye\n  end: Bye.\n",
                "variables: {pin: {secret: true}}\n",
            ),
        },
    ),
]
