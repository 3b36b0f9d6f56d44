"""A person's right to be forgotten, and the end of a campaign: addresses go, totals stay."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.holders import addresses, holders, players, remove_accounts
from esp.backends import get_backend
from esp.backends.base import ForgetsContacts
from esp_mail.keyed_hash import keyed_hash
from games.contact_state import ContactState
from games.erased_hours import ErasedHour
from games.erasures import KEY_LIFE, ErasedKey, Erasure, RemovalState
from games.kept_days import PlayHour
from games.models import Game, Play

BATCH = 500


class Preview(NamedTuple):
    """What would go."""

    games: int
    plays: int
    pending: int  # contacts that are still owed to the ESP
    accounts: int
    staff: int  # accounts that stay: a superuser must see to them
    esp_forgets: bool  # whether the ESP can be asked; else somebody must do it there by hand


def esp_forgets() -> bool:
    return isinstance(get_backend(), ForgetsContacts)


def preview(email: str) -> Preview:
    games = Game.objects.filter(email=email)
    accounts, gone = holders(email), players(holders(email)).count()
    return Preview(
        games.count(),
        Play.objects.filter(game__email=email).count(),
        games.filter(contact_state=ContactState.PENDING).count(),
        gone,
        accounts.count() - gone,
        esp_forgets(),
    )


def checked_reason(reason: str) -> str:
    """Return the reason, trimmed; raise ValidationError if there is none or it holds an address."""
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why: a number of the request will do."))
    if "@" in reason:
        raise ValidationError(_("The reason is kept: it must not hold an address."))
    return reason


def forget(email: str, *, reason: str, by: Any = None) -> Erasure:
    """Erase a normalised address with its plays and accounts, and owe its removal to the ESP.

    One transaction.
    A play under way either is counted before and goes with the rest, or makes a new row after. What
    it may still tell the ESP comes before the removal, which waits for a lease's time.
    """
    with transaction.atomic():
        # First, as an import does: nobody waits for it with a game's lock in hand.
        PlayHour.objects.forget()
        games = list(Game.objects.select_for_update().filter(email=email))
        owed = esp_forgets()
        erasure = Erasure.objects.create(
            digest=keyed_hash(email),
            by=by,
            reason=reason,
            email=email if owed else None,
            backend=settings.ESP_BACKEND,
            esp_state=RemovalState.PENDING if owed else RemovalState.BY_HAND,
        )
        _keep_keys(erasure, games)
        _erase(games)
        remove_accounts(email)
    return erasure


def _keep_keys(erasure: Erasure, games: list[Game]) -> None:
    plays = Play.objects.filter(
        game__in=games,
        idempotency_key__isnull=False,
        played_at__gte=timezone.now() - KEY_LIFE,
    )
    ErasedKey.objects.bulk_create(
        [
            ErasedKey(
                erasure=erasure,
                digest=keyed_hash(str(play.idempotency_key)),
                number=play.number,
                esp_status=play.esp_status,
            )
            for play in plays
        ],
        ignore_conflicts=True,
    )


def _erase(games: list[Game]) -> None:
    """Delete the games, which are locked, and keep what they add up to."""
    ErasedHour.objects.keep(games)
    Game.objects.filter(pk__in=[game.pk for game in games]).delete()


def reapply(tombstones: dict[str, datetime]) -> Iterator[Erasure]:
    """Erase again what a restored backup brought back; yield each erasure.

    `tombstones`: when each hash was erased, as told by the database that was lost; those of this
    one count too. Who played again after having been erased stays.
    """
    known = _known()
    for lost, at in tombstones.items():
        if lost not in known:
            Erasure.objects.create(
                digest=lost, erased_at=at, reason=_RESTORED, esp_state=RemovalState.DONE
            )
        known[lost] = max(at, known.get(lost, at))
    rows = Game.objects.order_by().values_list("email", "first_played_at").iterator()
    for email in [email for email, first in rows if _is_back(known.get(keyed_hash(email)), first)]:
        yield forget(email, reason=_RESTORED)
    for email in [
        email for email, made in addresses() if _is_back(known.get(keyed_hash(email)), made)
    ]:
        remove_accounts(email)


_RESTORED = "restored from a backup"


def _is_back(erased_at: datetime | None, first_play: datetime | None) -> bool:
    return erased_at is not None and (first_play is None or first_play < erased_at)


def _known() -> dict[str, datetime]:
    rows = Erasure.objects.order_by("erased_at").values_list("digest", "erased_at")
    return dict(rows.iterator())


def old_games(days: int) -> Any:
    """Return the games that nobody played for so many days."""
    return Game.objects.filter(last_played_at__lt=timezone.now() - timedelta(days=days))


def anonymise(days: int) -> Iterator[int]:
    """Erase the addresses of campaigns that ended, in batches; yield how many each took.

    A contact that is still owed to the ESP stays until it is settled. No tombstone: nobody asked to
    be forgotten, and whoever plays again is welcome.
    """
    settled = old_games(days).exclude(contact_state=ContactState.PENDING).order_by("pk")
    while settled.exists():
        with transaction.atomic():
            PlayHour.objects.forget()
            games = list(settled.select_for_update()[:BATCH])
            _erase(games)
        yield len(games)
