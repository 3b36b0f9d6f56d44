"""Settings of plays: limits, the bot shield, when the campaign runs, and what a play may bring."""

from typing import Any

from esp_mail import environment, service_urls
from games.rules.conf import play_fields

LIMITS = ["PLAYS_PER_ADDRESS", "ADDRESSES_PER_CLIENT"]


def read(*, behind_proxy: bool, time_zone: str) -> dict[str, Any]:
    """Return the settings that the environment makes; raise if one needs another."""
    environment.require("REDIS_URL", "redis://redis:6379/0", needed_by=LIMITS)
    if behind_proxy:  # without the header, all players would be one client: the proxy
        environment.require("CLIENT_IP_HEADER", "X-Real-IP", needed_by=["ADDRESSES_PER_CLIENT"])
    return {
        # Limits on plays: (how many, in how many seconds), or None. Only they need Redis.
        "REDIS_URL": service_urls.redis("REDIS_URL"),
        "PLAYS_PER_ADDRESS": environment.rate("PLAYS_PER_ADDRESS"),
        "ADDRESSES_PER_CLIENT": environment.rate("ADDRESSES_PER_CLIENT"),
        # Of one address; 0: as many as it likes.
        "PLAYS_PER_DAY": environment.optional_number("PLAYS_PER_DAY", int) or 0,
        # The bot shield (docs/frontend.md): how long a game takes at least, and hashes that a key
        # costs. 0 is off.
        "PLAY_SECONDS": environment.number("PLAY_SECONDS", 0, most=3600),
        "PLAY_KEY_WORK": environment.number("PLAY_KEY_WORK", 0, most=10_000_000),
        "ANSWERS_NEED_KEY": environment.flag("ANSWERS_NEED_KEY", default=False),
        # When the campaign runs, and what a play may bring beside the address.
        "PLAYS_FROM": environment.moment("PLAYS_FROM", time_zone),
        "PLAYS_UNTIL": environment.moment("PLAYS_UNTIL", time_zone),
        "MAILING_CONSENT": environment.choice("MAILING_CONSENT", "required"),
        "CONSENT_KEEPS_IP": environment.flag("CONSENT_KEEPS_IP", default=False),
        "PLAY_FIELDS": play_fields(environment.json_object("PLAY_FIELDS")),
        "PLAY_FIELDS_STRICT": environment.flag("PLAY_FIELDS_STRICT", default=False),
        "DISPOSABLE_ADDRESSES": environment.choice("DISPOSABLE_ADDRESSES", "withhold", "refuse"),
    }
