"""`cuebook doctor` on Slack: what is set, and what Slack says of it."""

from __future__ import annotations

from bot.app import allowed
from bot.cli.opening import Opened
from bot.cli.reach import Check
from bot.errors import SettingsError


async def slack_checks(opened: Opened) -> list[Check]:
    """Nothing where Slack is not used; where the variables contradict each other, only that."""
    from adapters.slack import settings as slack
    from adapters.slack.api import web_client
    from adapters.slack.checkup import checkup
    from bot.connectors.addresses import Allowance
    from bot.connectors.client import Client
    from bot.runtime.clock import SchedulerClock

    try:
        choices = slack.choices(opened.project.settings.get("slack", {}))
    except SettingsError as error:
        return [Check("slack", "problem", str(error), "correct it")]
    found = slack.slack_settings(opened.settings, choices, opened.project.profiles)
    if not slack.used(found):
        return []
    wrong = [*slack.faults(found, opened.project.profiles)]
    if wrong:
        return [Check("slack", "problem", fault.text, fault.fix) for fault in wrong]
    allow = [*opened.settings.allow, *allowed(opened.project.settings), *slack.allowance(found)]
    client = Client(Allowance(allow))
    try:
        findings = await checkup(
            found, lambda: web_client(found.api_url, client.session()), SchedulerClock().now
        )
    finally:
        await client.close()
    return [Check(one.name, one.state, one.text, one.fix) for one in findings]
