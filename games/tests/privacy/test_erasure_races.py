"""Erasing an address that is being played at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum

from games.erased_hours import ErasedHour
from games.erasures import Erasure
from games.forgetting import forget
from games.managers import GameQuerySet
from games.models import Game, Play
from games.tests.server import send_at_once, web_server

from .conftest import CANARY

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
    plain = GameQuerySet.bulk_create
    made: list[int] = []

    def bulk_create(self: Any, *args: Any, **kwargs: Any) -> Any:
        if made:
            return plain(self, *args, **kwargs)
        made.append(1)
        elsewhere(lambda: Game.objects.bulk_create([Game(email=CANARY)]))
        ignored = plain(self, *args, **kwargs)
        elsewhere(lambda: forget(CANARY, reason="asked"))
        return ignored

    # As if the address had a row, of a contact not settled yet, when the play began.
    monkeypatch.setattr(GameQuerySet, "_count_first", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(GameQuerySet, "bulk_create", bulk_create)
    assert Game.objects.record(email=CANARY).number == 1
    assert Game.objects.get().play_count == 1
    assert Erasure.objects.exists()


def test_every_play_counts_while_its_address_is_erased_over_and_over() -> None:
    played = threading.Event()

    def erase() -> None:
        while not played.is_set():
            forget(CANARY, reason="asked")

    with web_server(ESP_CONCURRENCY="16") as server, ThreadPoolExecutor(1) as officer:
        erasing = officer.submit(elsewhere, erase)
        try:
            answers = send_at_once(server, [[(CANARY, None)] * 25] * 6)
        finally:
            played.set()
        erasing.result(timeout=30)
    erased = ErasedHour.objects.aggregate(plays=Sum("plays"), new=Sum("new"))
    assert erased["plays"] + Play.objects.count() == len(answers)
    new = [answer["games_status"] for answer in answers].count(False)
    assert erased["new"] + Game.objects.count() == new > 1
    call_command("check_counts")
