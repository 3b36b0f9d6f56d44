"""Each export, imported into an empty site by its page, gives the same players."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from games.models import Game, Play
from serving.addresses import normalise_address
from testing import imports
from testing.campaign import PLAYS, make_game
from testing.exports import FORMATS, NASTY, export

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
# Each with an hour that its clock showed twice (Lord Howe: half an hour), in UTC.
REPEATED = {
    "Europe/Berlin": datetime(2025, 10, 26, 0, tzinfo=UTC),
    "America/New_York": datetime(2025, 11, 2, 5, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2025, 4, 5, 14, tzinfo=UTC),
    "Europe/Moscow": datetime(2014, 10, 25, 21, tzinfo=UTC),
    "UTC": datetime(2025, 10, 26, 0, tzinfo=UTC),
}
Player = tuple[str, list[datetime]]


def is_normal(email: str) -> bool:
    return normalise_address(email) == email


atoms = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)
emails = st.sampled_from(NASTY) | atoms.map("{}@example.net".format).filter(is_normal)
microseconds = st.integers(0, 999_999)


def moments(zone: str) -> st.SearchStrategy[datetime]:
    """Return any times, half of them about the repeated hour."""
    any_time = st.datetimes(datetime(1990, 1, 2), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    about = st.integers(-3600, 3 * 3600).map(lambda n: REPEATED[zone] + n * SECOND)
    return st.builds(lambda at, n: at.replace(microsecond=n), any_time | about, microseconds)


def players(zone: str) -> st.SearchStrategy[list[Player]]:
    player = st.tuples(emails, st.lists(moments(zone), max_size=4))
    return st.lists(player, min_size=1, max_size=8, unique_by=lambda player: player[0])


def stored() -> dict[str, tuple[Any, ...]]:
    rows = Game.objects.values_list("email", "play_count", "first_played_at", "last_played_at")
    return {email: tuple(values) for email, *values in rows}


def as_held_by(name: str, players: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return the players as this format holds them: those for Excel hold times to the second."""
    if name in {"json", "csv"}:
        return players

    def whole(value: Any) -> Any:
        return value.replace(microsecond=0) if isinstance(value, datetime) else value

    return {email: tuple(map(whole, values)) for email, values in players.items()}


def empty_the_site() -> None:
    Play.objects.all().delete()
    Game.objects.all().delete()


@pytest.mark.parametrize("zone", REPEATED)
@pytest.mark.parametrize("name", FORMATS)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=2,  # each starts the process that reads the file
    phases=[Phase.reuse, Phase.generate],  # to find a smaller example would take minutes
)
@given(data=st.data())
def test_players_read_back(staff: Client, name: str, zone: str, data: st.DataObject) -> None:
    empty_the_site()
    passes = [REPEATED[zone] + timedelta(minutes=n) for n in (45, 75, 105)]
    twice = [("one@example.com", passes[:2]), ("two@example.com", passes[1:])]
    for email, times in twice + data.draw(players(zone)):
        make_game(email, *times)
    before = stored()
    language = data.draw(st.sampled_from(["en", "ru"]))
    with override_settings(TIME_ZONE=zone):
        file = export(staff, name, headers={"Accept-Language": language})
    empty_the_site()
    page = imports.upload(staff, file, f"known.{name}")
    assert page.job.state == "preview", (page.job.state, page.job.error)
    imports.confirm(staff, page)
    assert stored() == as_held_by(name, before)


@pytest.mark.parametrize("name", FORMATS)
def test_plays_read_back_to_their_players(staff: Client, name: str) -> None:
    """Of the plays between, the import keeps the number, not the dates."""
    start = REPEATED["Europe/Berlin"]
    make_game("cem@test.ru", *(start + timedelta(minutes=n) for n in (45, 80, 105)))
    make_game("ann@test.ru", start)
    before = stored()
    with override_settings(TIME_ZONE="Europe/Berlin"):
        file = export(staff, name, PLAYS)
    empty_the_site()
    imports.confirm(staff, imports.upload(staff, file, f"known.{name}"))
    assert stored() == before
