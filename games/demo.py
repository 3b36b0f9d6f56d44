"""Made-up players and plays, shaped like a real campaign's."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate, islice

from django.db import transaction
from django.utils import timezone

from games.contact_state import ContactState
from games.kept_days import PlayHour
from games.models import Game, Play

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
    """A campaign of some days that ends now. The same seed makes the same one."""

    def __init__(self, *, players: int, days: int, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not a secret
        self.players, self.days, self.now = players, days, timezone.now()
        today = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        self.midnights = [today - timedelta(days=n) for n in reversed(range(days))]
        rush = [self._rush(n, day) for n, day in enumerate(self.midnights)]
        self.days_weighed, self.hours_weighed = list(accumulate(rush)), list(accumulate(HOURS))

    def _rush(self, number: int, day: datetime) -> float:
        decay: float = 0.5 ** (number / (self.days * HALF_LIFE))
        return (decay + 0.06) * (WEEKEND if day.weekday() >= 5 else 1)  # noqa: PLR2004

    def write(self) -> Iterator[int]:
        """Write the campaign in batches, yielding how many players there are so far."""
        first = (Game.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        numbers = iter(range(first, first + self.players))
        done = 0
        while batch := list(islice(numbers, BATCH)):
            with transaction.atomic():
                PlayHour.objects.forget()
                self._write(batch)
            done += len(batch)
            yield done

    def _write(self, numbers: list[int]) -> None:
        times = [self._times() for _ in numbers]
        games = [self._game(number, played) for number, played in zip(numbers, times, strict=True)]
        Game.objects.bulk_create(games)
        Play.objects.bulk_create(
            [play for game, at in zip(games, times, strict=True) for play in self._plays(game, at)]
        )

    def _times(self) -> list[datetime]:
        """Return when one player plays: most once or twice, a few all the time."""
        [first] = self.random.choices(range(self.days), cum_weights=self.days_weighed)
        number = min(500, int(self.random.paretovariate(1.05)))
        gaps = [0.0] + [self.random.expovariate(0.5) for _ in range(number - 1)]
        days = [first + math.floor(gap) for gap in accumulate(gaps)]
        times = sorted(self._moment(day) for day in days if day < self.days)
        return [at for at in times if at < self.now] or [self.now - timedelta(seconds=1)]

    def _moment(self, day: int) -> datetime:
        [hour] = self.random.choices(range(24), cum_weights=self.hours_weighed)
        return self.midnights[day] + timedelta(hours=hour, seconds=self.random.random() * 3600)

    def _game(self, number: int, times: list[datetime]) -> Game:
        [domain] = self.random.choices(list(DOMAINS), list(DOMAINS.values()))
        [state] = self.random.choices(list(STATES), list(STATES.values()))
        waits = self.now - times[0] < timedelta(minutes=30)
        return Game(
            email=f"demo.{self.random.choice(NAMES)}.{number}@{domain}",
            play_count=len(times),
            first_played_at=times[0],
            last_played_at=times[-1],
            contact_state=ContactState.PENDING if waits else state,
            contact_due_at=times[0] + timedelta(hours=1),
            contact_attempts=1,
            contact_error="The ESP does not take this address." if state == "rejected" else "",
        )

    def _plays(self, game: Game, times: list[datetime]) -> Iterator[Play]:
        first = False if game.contact_state == ContactState.ADDED else game.esp_status
        for number, at in enumerate(times, start=1):
            status = first if number == 1 else game.esp_status
            yield Play(game=game, number=number, played_at=at, esp_status=status)
