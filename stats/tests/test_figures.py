"""The figures of the overview, compared with a count from scratch after any sequence of changes."""

import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from api.changes import change_game, version
from esp.models import MockContact
from games.counting import NewPlay
from games.models import Game, Play
from games.services import record_play
from importing.known_addresses import import_known_addresses
from privacy.erasing import anonymise, erase_person
from stats.days import Figures
from stats.models import DomainTotal, HourlyTotal, Watermark
from stats.numbers import LAST_DAYS, Numbers
from stats.totals import close_days, lock_watermark

EMAILS = ["cem@test.ru", "ann@test.ru", "bob@mail.ru", "eva@own-family.ru"]
BEGIN = datetime(2026, 5, 1, 22, 30, tzinfo=UTC)

emails = st.sampled_from(EMAILS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("play"), emails),
        st.tuples(st.just("wait"), st.sampled_from([0.2, 1, 13, 26, 24 * 8])),
        st.tuples(st.just("take_over"), st.tuples(emails, st.integers(0, 4), st.integers(0, 70))),
        st.tuples(st.just("erase"), emails),
        st.tuples(st.just("set_count"), st.tuples(emails, st.integers(0, 4))),
        st.tuples(st.just("rename"), st.tuples(emails, emails)),
        st.tuples(st.just("anonymise"), st.sampled_from([1, 30])),
        st.tuples(st.just("repair"), emails),
        st.tuples(st.just("close"), st.none()),
    ),
    max_size=25,
)


@dataclass
class ErasedPlayer:
    state: str
    plays: list[datetime]
    first_play: datetime
    last_play: datetime


@dataclass
class Campaign:
    """Carries out the steps, and remembers of erased players what the figures must keep."""

    now: datetime = BEGIN
    erased: list[ErasedPlayer] = field(default_factory=list)

    def play(self, email: str) -> None:
        record_play(NewPlay(email))

    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def take_over(self, row: tuple[str, int, int]) -> None:
        email, plays, days = row
        last = self.now - timedelta(days=days)
        first = last - timedelta(days=days // 2)
        known = {"email": email, "plays": plays, "first_play": first, "last_play": last}
        import_known_addresses([known], dry_run=False)

    def erase(self, email: str) -> None:
        self._remember(Game.objects.filter(email=email))
        erase_person(email, reason="asked")

    def anonymise(self, days: int) -> None:
        old = Game.objects.filter(last_played_at__lt=self.now - timedelta(days=days))
        self._remember(old.exclude(contact_state="pending"))
        list(anonymise(days))

    def _remember(self, players: Any) -> None:
        for player in players:
            if player.first_played_at:
                plays = list(player.plays.order_by("number").values_list("played_at", flat=True))
                times = (player.first_played_at, player.last_played_at)
                self.erased.append(ErasedPlayer(player.contact_state, plays, *times))

    def set_count(self, change: tuple[str, int]) -> None:
        email, count = change
        if player := Game.objects.filter(email=email).first():
            change_game(player.pk, if_match=version(player), play_count=count)

    def rename(self, change: tuple[str, str]) -> None:
        old, new = change
        player = Game.objects.filter(email=old).first()
        if player and not Game.objects.filter(email=new).exists():
            with mock.patch("api.changes.Erasure.objects.of") as of:
                of.return_value.exists.return_value = False
                change_game(player.pk, if_match=version(player), email=new)

    def repair(self, email: str) -> None:
        """Make a count wrong, as a fault would, and have it corrected."""
        Game.objects.filter(email=email, play_count__gt=0).update(play_count=F("play_count") + 1)
        call_command("check_counts", fix=True, verbosity=0, stdout=io.StringIO())

    def close(self, _nothing: None) -> None:
        close_days()


def day_of(moment: datetime) -> Any:
    return timezone.localdate(moment)


def check(campaign: Campaign) -> None:
    """Compare every figure with one that is counted here from the rows and the erased players."""
    numbers = Numbers.read()
    today = day_of(campaign.now)
    live = list(Game.objects.exclude(first_played_at=None))
    plays = [*Play.objects.values_list("played_at", "number")]
    plays += [(at, n) for one in campaign.erased for n, at in enumerate(one.plays, start=1)]
    by_player = [[*player.plays.values_list("played_at", flat=True)] for player in live]

    assert sum(map(sum, numbers.week)) == len(plays)
    grid = Counter(
        (timezone.localtime(at).weekday(), timezone.localtime(at).hour) for at, _ in plays
    )
    assert {(d, h): n for d, row in enumerate(numbers.week) for h, n in enumerate(row) if n} == grid
    first_plays = [(p.first_played_at, p.contact_state) for p in live if p.first_played_at]
    first_plays += [(p.first_play, p.state) for p in campaign.erased if p.state != "pending"]
    states = Counter((day_of(at), state) for at, state in first_plays)
    last_days = dict(numbers.last_days)
    for ago in range(LAST_DAYS):
        day = today - timedelta(days=ago)
        assert last_days[day] == Figures(
            plays=sum(day_of(at) == day for at, _ in plays),
            new=sum(day_of(at) == day and n == 1 for at, n in plays),
            **{state: states[day, state] for state in ("found", "added", "rejected", "pending")},
        )
    domains = Counter(player.email.rpartition("@")[2] for player in live)
    assert dict(numbers.domains) == domains

    begins = [*(today - timedelta(days=n) for n in (0, 1, 6, 29)), None]
    for n, (begin, found) in enumerate(zip(begins, numbers.periods, strict=True)):
        end = today - timedelta(days=1) if n == 1 else today

        def within(moment: datetime, begin: Any = begin, end: Any = end) -> bool:
            return bool((begin is None or begin <= day_of(moment)) and day_of(moment) <= end)

        of_state = Counter(
            p.contact_state for p in live if p.first_played_at and within(p.first_played_at)
        )
        gone = Counter(one.state for one in campaign.erased if within(one.first_play))
        players: int
        if n == 1:
            played = [*by_player, *(one.plays for one in campaign.erased)]
            players = sum(any(within(at) for at in times) for times in played)
        else:
            players = sum(bool(p.last_played_at and within(p.last_played_at)) for p in live)
            players += sum(within(one.last_play) for one in campaign.erased)
        known, added = (of_state[s] + gone[s] for s in ("found", "added"))
        assert (found.plays, found.players, found.new, found.pending, found.rejected) == (
            sum(within(at) for at, _ in plays),
            players,
            sum(within(at) and number == 1 for at, number in plays),
            of_state["pending"],
            of_state["rejected"] + gone["rejected"],
        ), n
        assert found.known == (100 * known / (known + added) if known + added else None)


@pytest.mark.django_db
@settings(deadline=None)
@given(steps)
def test_figures_equal_a_count_from_scratch(sequence: list[tuple[str, Any]]) -> None:
    for model in (Play, Game, MockContact, HourlyTotal, DomainTotal, Watermark):
        model.objects.all().delete()
    campaign = Campaign()
    with mock.patch.object(timezone, "now", side_effect=lambda: campaign.now):
        for name, value in sequence:
            step: Callable[[Any], None] = getattr(campaign, name)
            step(value)
            check(campaign)


@pytest.mark.django_db
def test_a_day_is_closed_once_when_two_processes_try(monkeypatch: pytest.MonkeyPatch) -> None:
    record_play(NewPlay("cem@test.ru"))
    tomorrow = timezone.now() + timedelta(days=1)

    def lock_after_another_process() -> Watermark:
        monkeypatch.undo()
        close_days()
        return lock_watermark()

    with mock.patch.object(timezone, "now", return_value=tomorrow):
        monkeypatch.setattr("stats.totals.lock_watermark", lock_after_another_process)
        close_days()
    assert HourlyTotal.objects.get().plays == 1
