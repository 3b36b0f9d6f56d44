"""A consent text, and players who agreed by it."""

from typing import Any

from games.consent import Consent, ConsentText, reload_texts
from games.models import Game


def make_text(purpose: str = "mailing", version: str = "1", language: str = "en") -> ConsentText:
    reload_texts()
    text = f"I agree to <{purpose}>."
    return ConsentText.objects.create(
        purpose=purpose, version=version, language=language, text=text
    )


def agree(player: Game, text: ConsentText, act: str = "given", **values: Any) -> Consent:
    return Consent.objects.create(game=player, text=text, act=act, source="play", **values)
