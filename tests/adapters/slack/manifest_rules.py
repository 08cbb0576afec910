"""What Slack takes as an app manifest, as far as ours goes: a JSON Schema of our own.

The limits are those of Slack's published schemas, major versions 1 and 2 (repository
slackapi/manifest-schema, read at 4a68bcc and 085a104). For all that an app like ours says, the
two agree; what they know beyond it (functions, workflows, datastores, …) is left out here, so a
manifest that begins to use it fails.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def text(most: int, *, least: int = 1, begins: str = "") -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most} | (
        {"pattern": f"^{begins}"} if begins else {}
    )


def table(required: str = "", **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def items(of: Schema, most: int, *, least: int = 0, unique: bool = False) -> Schema:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most, "uniqueItems": unique}


FLAG: Schema = {"type": "boolean"}
URL = text(3500, begins="https?://")
SCOPES = items(text(50, least=0), 255)
EVENTS = items(text(50, least=0), 100, unique=True)
SHORTCUT = table(
    "name type callback_id description",
    name=text(24),
    type={"enum": ["message", "global"]},
    callback_id=text(255),
    description=text(150),
)
COMMAND = table(
    "command description",
    command=text(32, least=2, begins="/"),
    url=text(3000, begins="https?://"),
    description=text(2000),
    usage_hint=text(1000),
    should_escape=FLAG,
)
AGENT_VIEW = table(
    agent_description=text(300, least=0),
    suggested_prompts=items(table("title message", title={"type": "string"}, message={"type": "string"}), 4),
)
MANIFEST = table(
    "display_information",
    _metadata=table(major_version={"type": "integer"}, minor_version={"type": "integer"}),
    display_information=table(
        "name",
        name=text(35),
        description=text(140),
        background_color={"type": "string", "pattern": "^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$"},
        long_description=text(4000, least=175),
    ),
    features=table(
        app_home=table(home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG),
        bot_user=table("display_name", display_name=text(80), always_online=FLAG),
        shortcuts=items(SHORTCUT, 10, least=1),
        slash_commands=items(COMMAND, 50, least=1),
        agent_view=AGENT_VIEW,
    ),
    oauth_config=table(
        redirect_urls=items(text(2500, least=0), 1000, unique=True),
        scopes=table(bot=SCOPES, user=SCOPES, bot_optional=SCOPES, user_optional=SCOPES),
    ),
    settings=table(
        event_subscriptions=table(request_url=URL, bot_events=EVENTS, user_events=EVENTS),
        interactivity=table("is_enabled", is_enabled=FLAG, request_url=URL, message_menu_options_url=URL),
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled=FLAG,
    ),
)
