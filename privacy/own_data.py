"""All data about one person, for a person who asks for it."""

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from esp.models import MockContact
from games.consent import Consent, ConsentProof
from games.models import Game, Play
from privacy.models import Erasure
from serving.addresses import normalise_address, readable_address
from serving.keyed_hash import keyed_hash


def personal_data(email: str) -> dict[str, Any]:
    """Return all data about a normalised address. It fits JSON, but for its times."""
    player = Game.objects.filter(email=email).first()
    plays = Play.objects.filter(game__email=email).order_by("number")
    return {
        "address": readable_address(email),
        "game": player
        and {
            "number": player.pk,
            "plays": player.play_count,
            "first_play": player.first_played_at,
            "last_play": player.last_played_at,
        },
        "plays": list(
            plays.values("number", "played_at", "esp_status", "idempotency_key", "fields")
        ),
        "consents": list(_consents(email)),
        "contact": player
        and {
            "state": player.contact_state,
            "attempts": player.contact_attempts,
            "next_attempt": player.contact_due_at if player.esp_status is None else None,
            "last_error": player.contact_error,
        },
        "mock_contact": MockContact.objects.filter(email=email).values("added_at").first(),
        "accounts": list(_accounts(email)),
        "erasures": list(Erasure.objects.of(email).values("erased_at", "esp_state")),
        "log": list(_log(player)) if player else [],
    }


def _consents(email: str) -> Iterator[dict[str, Any]]:
    """Yield what the person agreed to, with the whole text; of an erased person, the proofs."""
    acts = Consent.objects.filter(game__email=email).select_related("text").order_by("pk")
    proofs = ConsentProof.objects.filter(digest=keyed_hash(email)).select_related("text")
    rows: list[Any] = [*proofs.order_by("pk"), *acts]
    for act in rows:
        yield {
            "purpose": act.text.purpose,
            "act": act.act,
            "at": act.at,
            "source": act.source,
            "page": getattr(act, "page", ""),
            "client": getattr(act, "client", None),
            "version": act.text.version,
            "language": act.text.language,
            "text": act.text.text,
        }


def _accounts(email: str) -> Iterator[dict[str, Any]]:
    for user in accounts_of(email).order_by("pk"):
        yield {
            "staff": user.is_staff,
            "confirmed": EmailAddress.objects.filter(user=user, verified=True).exists(),
            "date_joined": user.date_joined,
            "last_login": user.last_login,
            "second_factor": is_mfa_enabled(user),
        }


def _log(player: Game) -> Iterator[dict[str, Any]]:
    kind = ContentType.objects.get_for_model(Game)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(player.pk))
    for entry in entries.select_related("user").order_by("action_time"):
        yield {
            "at": entry.action_time,
            "by": entry.user.get_username(),
            "what": entry.get_change_message(),
        }


def accounts_of(email: str) -> QuerySet[User]:
    """Return the accounts that have a normalised address, confirmed or not."""
    # A superuser may have typed it in any form.
    typed = Q(email__iexact=email) | Q(email__iexact=readable_address(email))
    return User.objects.filter(typed | Q(pk__in=EmailAddress.objects.filter(typed).values("user")))


def confirmed_address(user: Any) -> str | None:
    """Return the account's confirmed address, normalised; None if it has none."""
    confirmed = EmailAddress.objects.filter(user_id=user.pk, verified=True, primary=True).first()
    try:
        return normalise_address(confirmed.email) if confirmed else None
    except ValidationError:  # a superuser may have typed anything
        return None


def own_data(address: str) -> dict[str, Any]:
    """Return all data about the person, without the names of staff."""
    data = personal_data(address)
    for entry in data["log"]:
        del entry["by"]
    return {"exported_at": timezone.now(), **data}
