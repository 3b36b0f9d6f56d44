"""Versions of a game: nobody changes what somebody else has changed since."""

from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags

from games.api.exceptions import VersionOutdated, VersionRequired
from games.models import Game


def version(game: Game) -> str:
    """Return the game's ETag, keyed: by a plain hash one could try addresses."""
    values = (game.pk, game.email, game.play_count, game.last_played_at, game.contact_state)
    return f'"{salted_hmac(__name__, repr(values), algorithm="sha256").hexdigest()[:32]}"'


def require_version(game: Game, if_match: str | None) -> None:
    """Raise unless the header names the version that the game, locked by the caller, has now."""
    named = parse_etags(if_match or "")
    if not named or "*" in named:  # "any version" is what a lost update is made of
        raise VersionRequired
    if version(game) not in named:
        raise VersionOutdated
