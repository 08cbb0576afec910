"""Slack, put together from what an operator set and what the house has."""

from __future__ import annotations

from adapters.slack.adapter import House, Slack
from adapters.slack.api import Api
from adapters.slack.many import Many
from adapters.slack.settings import SlackSettings
from adapters.slack.workspaces import OneWorkspace


def connect(settings: SlackSettings, house: House, *, key: bytes) -> Slack:
    """The adapter. `key` signs what buttons carry, and seals the tokens of many workspaces.
    Nothing is sent before it starts."""
    api = Api(settings.api_url, house.session)
    if not settings.many:
        return Slack(house, settings, OneWorkspace(settings.bot_token, api, house.clock), api, key=key)
    many = Many(settings, house.store, house.clock, house.session, key=key, hide=house.hide)
    return Slack(house, settings, many.workspaces, api, key=key, installing=many.routes())
