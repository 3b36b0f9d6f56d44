"""Erasing a person, and anonymising old campaigns: addresses go, totals stay."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from games.consent import Consent, ConsentProof
from games.contact_state import ContactState
from games.erased_keys import KEY_LIFETIME, ErasedKey
from games.models import Game, Play
from privacy.esp_removals import esp_forgets, remove_at_esp
from privacy.models import Erasure, RemovalState
from privacy.own_data import accounts_of
from serving.keyed_hash import keyed_hash
from stats.models import Watermark
from stats.totals import keep_erased, lock_watermark

BATCH = 1_000  # players in one transaction
FOUND_AT_ONCE = 100_000  # players
RESTORED = "restored from a backup"


class Preview(NamedTuple):
    """What an erasure would delete."""

    games: int
    plays: int
    pending: int  # contacts that the ESP was not asked for yet
    accounts: int
    staff: int  # accounts that stay: a superuser must see to them
    esp_forgets: bool  # whether the ESP has a call for it; else staff delete the contact there


def deletable(email: str) -> QuerySet[User]:
    """Return the accounts that are erased with their person; a superuser must see to the others.

    The others are those of staff, and those that the log or an erasure names.
    """
    return accounts_of(email).filter(
        is_staff=False, is_superuser=False, logentry=None, erasure=None
    )


def preview(email: str) -> Preview:
    players = Game.objects.filter(email=email)
    to_delete = deletable(email).count()
    return Preview(
        players.count(),
        Play.objects.filter(game__email=email).count(),
        players.filter(contact_state=ContactState.PENDING).count(),
        to_delete,
        accounts_of(email).count() - to_delete,
        esp_forgets(),
    )


def checked_reason(reason: str) -> str:
    """Return the reason, trimmed; raise ValidationError if it is empty or contains an address."""
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("State the reason, such as the number of the request."))
    if "@" in reason:
        raise ValidationError(_("The reason is stored: it must not contain an address."))
    return reason


def refuse_erased(email: str) -> None:
    """Raise ValidationError if the person was erased: only a play of theirs brings them back."""
    if Erasure.objects.of(email).exists():
        raise ValidationError(_("This person was erased. Only they can come back."))


def erase_person(email: str, *, reason: str, by: Any = None) -> Erasure:
    """Erase a normalised address with its plays and accounts, in one transaction.

    Afterwards its removal at the ESP is pending. A play at the same moment is either counted before
    and erased too, or makes a new row after. The removal waits for two leases, so a call to the ESP
    that such a play has begun ends before it.
    """
    with transaction.atomic():
        watermark = lock_watermark()
        players = list(Game.objects.select_for_update().filter(email=email))
        erasure = remove_at_esp(email, reason=reason, by=by)
        _keep_keys(erasure, players)
        keep_proofs(erasure.digest, players)
        _delete(players, watermark)
        deletable(email).delete()
    return erasure


def keep_proofs(digest: str, players: list[Game]) -> None:
    """Keep what proves the consents of players who are about to be erased."""
    ConsentProof.objects.bulk_create(
        ConsentProof(digest=digest, text_id=one.text_id, act=one.act, at=one.at, source=one.source)
        for one in Consent.objects.filter(game__in=players).order_by("pk")
    )


def _keep_keys(erasure: Erasure, players: list[Game]) -> None:
    """Keep the recent idempotency keys, hashed: a repeated request is still not a second play."""
    recent = timezone.now() - KEY_LIFETIME
    plays = Play.objects.filter(
        game__in=players, idempotency_key__isnull=False, played_at__gte=recent
    )
    keys = [
        ErasedKey(
            address_digest=erasure.digest,
            erased_at=erasure.erased_at,
            erasure_id=erasure.pk,
            digest=keyed_hash(str(play.idempotency_key)),
            number=play.number,
            esp_status=play.esp_status,
        )
        for play in plays
    ]
    ErasedKey.objects.bulk_create(keys, ignore_conflicts=True)


def _delete(players: list[Game], watermark: Watermark) -> None:
    """Delete players that are locked. The totals keep their plays."""
    keep_erased(players, watermark)
    Game.objects.filter(pk__in=[player.pk for player in players]).delete()


def erase_restored(tombstones: dict[str, datetime]) -> Iterator[Erasure]:
    """Erase again what a restored backup brought back; yield each erasure.

    `tombstones`: when each hash was erased, from the database that was lost. Those of this database
    count too. A person who played after the erasure stays.
    """
    rows = Erasure.objects.persons().order_by("erased_at").values_list("digest", "erased_at")
    erased_at = dict(rows.iterator())
    for digest, at in tombstones.items():
        if digest not in erased_at:
            Erasure.objects.create(
                digest=digest, erased_at=at, reason=RESTORED, esp_state=RemovalState.DONE
            )
        erased_at[digest] = max(at, erased_at.get(digest, at))

    def is_back(email: str, since: datetime | None) -> bool:
        at = erased_at.get(keyed_hash(email))
        return at is not None and (since is None or since < at)

    players = Game.objects.order_by().values_list("email", "first_played_at").iterator()
    for email in [email for email, first_play in players if is_back(email, first_play)]:
        yield erase_person(email, reason=RESTORED)
    accounts = EmailAddress.objects.order_by().values_list("email", "user__date_joined").iterator()
    for email in [email for email, joined in accounts if is_back(email, joined)]:
        deletable(email).delete()


def players_idle_for(days: int) -> QuerySet[Game]:
    return Game.objects.filter(last_played_at__lt=timezone.now() - timedelta(days=days))


def anonymise(days: int) -> Iterator[int]:
    """Delete idle players in batches; yield how many each batch took.

    A player with a pending contact stays until it is settled. There is no tombstone: nobody asked
    for the erasure, and whoever plays again is welcome.
    """
    settled = players_idle_for(days).exclude(contact_state=ContactState.PENDING).order_by("pk")
    # No index finds them: read all players once for many batches.
    while keys := list(settled.values_list("pk", flat=True)[:FOUND_AT_ONCE]):
        for start in range(0, len(keys), BATCH):
            batch = settled.filter(pk__in=keys[start : start + BATCH])
            with transaction.atomic():
                watermark = lock_watermark()
                players = list(batch.select_for_update())  # but who has played since
                _delete(players, watermark)
            yield len(players)
