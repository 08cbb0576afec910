"""Who somebody is: people, groups, teams, the app itself."""

from __future__ import annotations

from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.shapes import after, cursor, person
from bot.testing.slack.things import Json


def api_test(asked: Asked) -> Json:
    """api.test."""
    if code := asked.text("error"):
        raise Refusal(code, args={"error": code})
    return {"args": {name: value for name, value in asked.args.items() if name != "token"}}


def auth_test(asked: Asked) -> Json:
    """auth.test."""
    team, token = asked.workspace, asked.token
    assert token is not None
    bot = token.kind == "bot"
    return {
        "url": f"https://{team.domain}.slack.example/",
        "team": team.name,
        "user": team.app_name.lower() if bot else asked.world.name_of(token.user),
        "team_id": team.id,
        "user_id": team.bot if bot else token.user,
        **({"bot_id": team.bot_id} if bot else {}),
        "is_enterprise_install": False,
        **({"enterprise_id": team.enterprise} if team.enterprise else {}),
    }


def bot_info(asked: Asked) -> Json:
    """bots.info: of this app."""
    team = asked.workspace
    if asked.text("bot") not in ("", team.bot_id):
        raise Refusal("bot_not_found")
    return {
        "bot": {
            "id": team.bot_id,
            "deleted": False,
            "name": team.app_name.lower(),
            "updated": 1_600_000_000,
            "app_id": team.app_id,
            "user_id": team.bot,
            "icons": {},
        }
    }


def user_info(asked: Asked) -> Json:
    """users.info. An external person's address is never told."""
    team = asked.workspace
    if asked.text("user") == team.bot:
        return {"user": _bot_user(asked)}
    found = asked.person()
    email = "users:read.email" in team.scopes and not found.external
    return {"user": person(found, email=email)}


def user_list(asked: Asked) -> Json:
    """users.list, by pages. Slack's own order is nobody's business; this one is by id."""
    team = asked.workspace
    email = "users:read.email" in team.scopes
    found = [
        person(one, email=email and not one.external)
        for one in asked.world.people.values()
        if one.workspace is team
    ]
    found.append(_bot_user(asked))
    try:
        start = after(asked.text("cursor")) if asked.text("cursor") else 0
    except ValueError:
        raise Refusal("invalid_cursor") from None
    most = asked.number("limit", 1000, 1000)
    more = cursor(start + most) if start + most < len(found) else ""
    return {
        "members": found[start : start + most],
        "cache_ts": asked.now // 1000,
        "response_metadata": {"next_cursor": more},
    }


def by_email(asked: Asked) -> Json:
    """users.lookupByEmail."""
    for one in asked.world.people.values():
        if one.workspace is asked.workspace and one.email == asked.text("email") and not one.external:
            return {"user": person(one)}
    raise Refusal("users_not_found")


def group_users(asked: Asked) -> Json:
    """usergroups.users.list."""
    if asked.text("usergroup") not in asked.world.groups:
        raise Refusal("no_such_subteam")
    return {"users": asked.world.groups[asked.text("usergroup")]}


def team_info(asked: Asked) -> Json:
    """team.info."""
    team = asked.workspace
    if asked.text("team") not in ("", team.id):
        raise Refusal("team_not_found")
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": ""}}


def _bot_user(asked: Asked) -> Json:
    team = asked.workspace
    return {
        "id": team.bot,
        "team_id": team.id,
        "name": team.app_name.lower(),
        "real_name": team.app_name,
        "deleted": False,
        "is_bot": True,
        "is_app_user": False,
        "profile": {
            "real_name": team.app_name,
            "display_name": "",
            "api_app_id": team.app_id,
            "bot_id": team.bot_id,
            "team": team.id,
        },
    }


METHODS: Final = (
    Method("api.test", api_test, "error foo", by="none"),
    Method("auth.test", auth_test, by="any"),
    Method("bots.info", bot_info, "bot", "users:read"),
    Method("users.info", user_info, "user! include_locale:bool", "users:read"),
    Method("users.list", user_list, "cursor include_locale:bool limit:int", "users:read"),
    Method("users.lookupByEmail", by_email, "email!", "users:read.email"),
    Method("usergroups.users.list", group_users, "usergroup! include_disabled:bool", "usergroups:read"),
    Method("team.info", team_info, "team domain include_slackbot_availability:bool", "team:read"),
)
