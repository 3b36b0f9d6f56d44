"""Made-up players and plays, shaped like a real campaign's."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from games.contact_state import ContactState
from games.models import Game, Play
from stats.totals import correcting

BATCH = 2_000
# How busy each hour is by the site's clock: lunch, and the evening.
HOURS = (3, 2, 1, 1, 1, 2, 5, 9, 12, 13, 14, 17, 21, 19, 16, 15, 16, 19, 24, 29, 31, 27, 17, 8)
WEEKEND = 1.35
HALF_LIFE = 0.12  # of the campaign: the launch's crowd halves in this part of it
DOMAINS = {
    "gmail.com": 31, "mail.ru": 22, "yandex.ru": 19, "bk.ru": 4, "inbox.ru": 4, "icloud.com": 4,
    "hotmail.com": 3, "outlook.com": 3, "rambler.ru": 3, "list.ru": 2, "ya.ru": 2, "web.de": 1,
    "gmx.net": 1, "xn--e1afmkfd.xn--p1ai": 1,
}  # fmt: skip
NAMES = ("anna", "ivan", "olga", "cem", "maria", "alex", "elena", "max", "nina", "paul", "vera")
STATES = {ContactState.ADDED: 66, ContactState.FOUND: 31, ContactState.REJECTED: 3}


class Campaign:
    """A campaign of some days that ends now. The same numbers make the same one."""

    def __init__(self, *, players: int, days: int) -> None:
        self.random = random.Random(1)  # noqa: S311 - not a secret
        self.players, self.days, self.now = players, days, timezone.now()
        today = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        self.midnights = [today - timedelta(days=n) for n in reversed(range(days))]
        self.rush = [
            (0.5 ** (n / (days * HALF_LIFE)) + 0.06) * (WEEKEND if day.weekday() in (5, 6) else 1)
            for n, day in enumerate(self.midnights)
        ]

    def write(self) -> Iterator[int]:
        """Write the campaign in batches, yielding how many players there are so far."""
        first = _newest_pk() + 1
        for done in range(0, self.players, BATCH):
            batch = range(done, min(done + BATCH, self.players))
            made = [self._player(first + number, self._times()) for number in batch]
            with transaction.atomic(), correcting(Q(pk__gt=_newest_pk())):
                Game.objects.bulk_create(game for game, _plays in made)
                Play.objects.bulk_create(play for _game, plays in made for play in plays)
            yield batch.stop

    def _times(self) -> list[datetime]:
        """Return when one player plays: most once or twice, a few all the time."""
        [first] = self.random.choices(range(self.days), self.rush)
        number = min(500, int(self.random.paretovariate(1.05)))
        gaps = [0.0] + [self.random.expovariate(0.5) for _ in range(number - 1)]
        days = [first + math.floor(gap) for gap in accumulate(gaps)]
        times = sorted(self._moment(day) for day in days if day < self.days)
        return [at for at in times if at < self.now] or [self.now - timedelta(seconds=1)]

    def _moment(self, day: int) -> datetime:
        [hour] = self.random.choices(range(24), HOURS)
        return self.midnights[day] + timedelta(hours=hour, seconds=self.random.random() * 3600)

    def _player(self, number: int, times: list[datetime]) -> tuple[Game, list[Play]]:
        [domain] = self.random.choices(list(DOMAINS), list(DOMAINS.values()))
        [state] = self.random.choices(list(STATES), list(STATES.values()))
        waits = self.now - times[0] < timedelta(minutes=30)
        game = Game(
            email=f"demo.{self.random.choice(NAMES)}.{number}@{domain}",
            play_count=len(times),
            first_played_at=times[0],
            last_played_at=times[-1],
            contact_state=ContactState.PENDING if waits else state,
            contact_due_at=times[0] + timedelta(hours=1),
            contact_attempts=1,
            contact_error="The ESP does not take this address." if state == "rejected" else "",
        )
        plays = [
            Play(game=game, number=number, played_at=at, esp_status=game.esp_status)
            for number, at in enumerate(times, start=1)
        ]
        if game.contact_state == ContactState.ADDED:
            plays[0].esp_status = False
        return game, plays


def _newest_pk() -> int:
    return Game.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
