"""Everything that is kept about one person: what the law lets them ask for."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.holders import about_accounts
from esp.addresses import readable_address
from esp.models import MockContact
from games.erasures import Erasure
from games.models import Game


def about(email: str) -> dict[str, Any]:
    """Return what is kept about a normalised address, fit for JSON but for the times in it."""
    game = Game.objects.filter(email=email).first()
    erasures = Erasure.objects.of(email).values("erased_at", "esp_state")
    return {
        "address": readable_address(email),
        "game": _game(game) if game else None,
        "plays": list(_plays(game)) if game else [],
        "contact": _contact(game) if game else None,
        "mock_contact": MockContact.objects.filter(email=email).values("added_at").first(),
        "accounts": list(about_accounts(email)),
        "erasures": list(erasures),
        "log": list(_log(game)) if game else [],
    }


def _game(game: Game) -> dict[str, Any]:
    return {
        "number": game.pk,
        "plays": game.play_count,
        "first_play": game.first_played_at,
        "last_play": game.last_played_at,
    }


def _plays(game: Game) -> Any:
    names = ("number", "played_at", "esp_status", "idempotency_key")
    return game.plays.order_by("number").values(*names)


def _contact(game: Game) -> dict[str, Any]:
    return {
        "state": game.contact_state,
        "attempts": game.contact_attempts,
        "next_attempt": game.contact_due_at if game.esp_status is None else None,
        "last_error": game.contact_error,
    }


def _log(game: Game) -> Any:
    kind = ContentType.objects.get_for_model(Game)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(game.pk))
    for entry in entries.select_related("user").order_by("action_time"):
        yield {
            "at": entry.action_time,
            "by": entry.user.get_username(),
            "what": entry.get_change_message(),
        }
