"""Erasing an address that is being played at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet, Sum

from games import counting
from games.counting import NewPlay, count_play
from games.models import Game, Play
from privacy.erasing import erase_person
from privacy.models import Erasure
from privacy.tests.conftest import CANARY
from stats.models import HourlyTotal
from testing.server import send_at_once, web_server

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="it has one writer at a time"),
]


def elsewhere(act: Callable[[], Any]) -> None:
    """Do something over another connection, and wait for it."""

    def closing() -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        other.submit(closing).result(timeout=30)


def test_row_that_goes_between_its_making_and_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = QuerySet.bulk_create
    made: list[int] = []

    def bulk_create(self: Any, *args: Any, **kwargs: Any) -> Any:
        if made or self.model is not Game:
            return plain(self, *args, **kwargs)
        made.append(1)
        elsewhere(lambda: Game.objects.bulk_create([Game(email=CANARY)]))
        ignored = plain(self, *args, **kwargs)
        elsewhere(lambda: erase_person(CANARY, reason="asked"))
        return ignored

    # As if the address had a row, of a contact not settled yet, when the play began.
    monkeypatch.setattr(counting, "_count_at_once", lambda _play: None)
    monkeypatch.setattr(QuerySet, "bulk_create", bulk_create)
    assert count_play(NewPlay(CANARY)).number == 1
    assert Game.objects.get().play_count == 1
    assert Erasure.objects.exists()


def test_every_play_counts_while_its_address_is_erased_over_and_over() -> None:
    played = threading.Event()

    def erase() -> None:
        while not played.is_set():
            erase_person(CANARY, reason="asked")

    with web_server(ESP_CONCURRENCY="16") as server, ThreadPoolExecutor(1) as officer:
        erasing = officer.submit(elsewhere, erase)
        try:
            answers = send_at_once(server, [[(CANARY, None)] * 25] * 6)
        finally:
            played.set()
        erasing.result(timeout=30)
    erased = HourlyTotal.objects.aggregate(plays=Sum("plays"), new=Sum("new_players"))
    assert erased["plays"] + Play.objects.count() == len(answers)
    new = [answer["games_status"] for answer in answers].count(False)
    assert erased["new"] + Game.objects.count() == new > 1
    call_command("check_counts")
