"""The backlog: players whose contact is pending. The row of a player is its own outbox entry.

A process claims a contact by moving `contact_due_at` ahead: a lease. If the process dies, the lease
runs out and the contact is due again. A failure moves it ahead too: the contact backs off.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from games.contact_state import ContactState, Outcome
from games.metrics import GIVEN_UP
from games.models import LEASE, Game
from games.rules.withholding import withhold_some

SETTLED = [ContactState.FOUND, ContactState.ADDED]
FIRST_BACKOFF = 30.0  # seconds
MAX_BACKOFF = 3600.0  # seconds
RECENT = timedelta(days=1)  # when others must have got through before one is given up
LONGEST_ERROR = 200  # characters, as in the column
STILL_WELL = timedelta(hours=1)  # for which a success shows that the ESP works


def due(now: datetime) -> QuerySet[Game]:
    """Return the players whose contact is to be settled by now, the longest due first."""
    return Game.objects.filter(
        contact_state=ContactState.PENDING, contact_due_at__lte=now
    ).order_by("contact_due_at")


def claim_due(limit: int) -> list[Game]:
    """Claim up to `limit` due contacts that no other process holds; return their players.

    Those that the ESP must not get are withheld on the way.
    """
    while True:
        now = timezone.now()
        with transaction.atomic():
            locked = list(due(now).select_for_update(skip_locked=True)[:limit])
            # With the rows locked, so that nobody agrees between the look and the withholding.
            players = withhold_some(locked)
            Game.objects.filter(pk__in=[player.pk for player in players]).update(
                contact_due_at=now + LEASE, contact_attempts=F("contact_attempts") + 1
            )
        if players or not locked:
            break
    for player in players:
        player.claim_contact(now)
    return players


def release(players: Sequence[Game]) -> None:
    """Give back contacts that were claimed but not asked for."""
    for player in players:
        held(player).update(
            contact_due_at=timezone.now(), contact_attempts=F("contact_attempts") - 1
        )


def held(player: Game) -> QuerySet[Game]:
    """Return the player's row if the claim that `player` carries is still valid."""
    return Game.objects.filter(
        pk=player.pk, contact_state=ContactState.PENDING, contact_due_at=player.contact_due_at
    )


def is_held(email: str) -> bool:
    """Return whether some process may be asking the ESP for the contact now; lock its row."""
    player = Game.objects.select_for_update().filter(email=email).order_by().first()
    return bool(
        player
        and player.contact_state == ContactState.PENDING
        and player.contact_due_at > timezone.now()
    )


def fails_alone() -> Q:
    """Return what selects contacts that fail while those of other players get through."""
    newest = (
        Game.objects.filter(contact_state__in=SETTLED, first_played_at__isnull=False)
        .order_by("-first_played_at")
        .values("first_played_at")[:1]
    )
    never = Value(datetime.min.replace(tzinfo=UTC))
    return Q(contact_failing_since__lt=Coalesce(Subquery(newest), never) + STILL_WELL)


def store(player: Game, outcome: Outcome) -> None:
    """Store the outcome for a player whose contact the caller claimed.

    A contact that another process settled stays settled. A failure is stored only while the
    caller's claim is valid.
    """
    if outcome.state != ContactState.PENDING:
        pending = Game.objects.filter(pk=player.pk, contact_state=ContactState.PENDING)
        pending.update(
            contact_state=outcome.state, contact_error=outcome.error, contact_failing_since=None
        )
        return
    now, attempts = timezone.now(), player.contact_attempts
    due_at, failing_since = now, player.contact_failing_since
    if outcome.counts_as_attempt:
        due_at += backoff(attempts, outcome.retry_after)
        failing_since = failing_since or now
    else:
        attempts -= 1
    stored = held(player).update(
        contact_due_at=due_at,
        contact_attempts=attempts,
        contact_error=outcome.error[:LONGEST_ERROR] if outcome.asked else player.contact_error,
        contact_failing_since=failing_since,
        contact_was_absent=player.contact_was_absent or outcome.was_absent,
    )
    if stored and outcome.counts_as_attempt and _is_hopeless(attempts, failing_since):
        GIVEN_UP.inc(give_up(Game.objects.filter(pk=player.pk)))


def _is_hopeless(attempts: int, failing_since: datetime | None) -> bool:
    """Return whether a contact has failed often and long enough, while others get through."""
    now = timezone.now()
    if not failing_since or attempts < settings.ESP_GIVE_UP_ATTEMPTS:
        return False
    if now - failing_since < timedelta(days=settings.ESP_GIVE_UP_DAYS):
        return False
    since = max(failing_since, now - RECENT)
    return Game.objects.filter(contact_state__in=SETTLED, first_played_at__gte=since).exists()


def give_up(players: QuerySet[Game]) -> int:
    """Let the pending contacts of these players rest as rejected; return how many.

    The ESP's words stay, so that staff can try all contacts with the same reason again.
    """
    pending = players.filter(contact_state=ContactState.PENDING)
    failing_since = Coalesce("contact_failing_since", Now())
    return pending.update(contact_state=ContactState.REJECTED, contact_failing_since=failing_since)


def backoff(attempts: int, retry_after: float | None) -> timedelta:
    """Return how long to wait after the n-th failed attempt: exponential, with full jitter.

    The jitter spreads the contacts of one outage. The wait is never shorter than `retry_after`.
    """
    longest = min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** min(attempts, 10))
    seconds = random.uniform(FIRST_BACKOFF, longest)  # noqa: S311 - not a secret
    return timedelta(seconds=max(seconds, retry_after or 0))


def deliver_now(players: QuerySet[Game]) -> int:
    """Make the pending contacts of these players due within a lease; return how many."""
    pending = players.filter(contact_state=ContactState.PENDING)
    count = pending.count()
    # A contact that is due sooner may be held by a process that asks the ESP at this moment.
    now = timezone.now()
    pending.filter(contact_due_at__gt=now + LEASE).update(contact_due_at=now)
    return count


def deliver_again(players: QuerySet[Game]) -> int:
    """Make the contacts of these players pending as if they were new; return how many.

    Withheld contacts stay so: only their persons can let them go.
    """
    return players.exclude(contact_state=ContactState.WITHHELD).update(
        contact_state=ContactState.PENDING,
        contact_attempts=0,
        contact_due_at=timezone.now(),
        contact_error="",
        contact_failing_since=None,
    )
