import msgspec


class SlackSettings(msgspec.Struct, frozen=True, kw_only=True):
    bot_token: str = ""
    signing_secret: str = ""
    app_token: str = ""
    api_url: str = "https://slack.com/api/"
    profile: str = ""
    profiles: dict[str, str] = {}
    agents: tuple[str, ...] = ()
    post_spacing: float = 1.0
