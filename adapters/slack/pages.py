"""What somebody sees who installs the app in their workspace. Pure."""

from __future__ import annotations

from html import escape
from string import Template
from typing import Final

_PAGE: Final = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
"""
)
_AGAIN: Final = "Please begin again."
_REASONS: Final = {
    "access_denied": ("Nothing was installed", "Slack says that the installation was not allowed."),
    "invalid_browser": (
        "This did not begin here",
        "An installation ends in the browser in which it began, with cookies allowed, within ten minutes.",
    ),
    "invalid_state": (
        "This link was used already",
        "Each installation can be ended once, within ten minutes.",
    ),
    "missing_code": ("Slack's answer is not complete", "It holds no code."),
    "invalid_code": ("Slack did not confirm it", "The code that it sent is not, or no longer, good."),
    "storage_error": ("It could not be saved", "Nothing was kept; nothing is half installed."),
    "away": ("Slack does not answer", "That passes, as a rule."),
    "crowded": ("Too many installations at once", "Wait some minutes."),
}


def install(url: str) -> str:
    """The page at which an installation begins."""
    body = (
        "<p>Slack asks next for your consent, and shows what Cuebook may do in your workspace.</p>\n"
        f'<p><a href="{escape(url)}">Add Cuebook to Slack</a></p>'
    )
    return _PAGE.substitute(title="Install Cuebook in Slack", body=body)


def done(workspace: str, url: str) -> str:
    """It is installed. `url` opens it in Slack."""
    where = escape(workspace) or "your workspace"
    body = (
        f"<p>Cuebook is in {where} now. Write to it directly, or invite it to a channel and mention it.</p>\n"
        f'<p><a href="{escape(url)}">Open Slack</a></p>'
    )
    return _PAGE.substitute(title="Cuebook is installed", body=body)


def failed(reason: str, again: str) -> str:
    """It is not, and why. `again`: where an installation begins."""
    title, text = _REASONS.get(
        reason, ("Nothing was installed", "Slack gave a reason that is not known here.")
    )
    link = f'<p><a href="{escape(again)}">{_AGAIN}</a></p>'
    return _PAGE.substitute(title=title, body=f"<p>{text}</p>\n{link}")
