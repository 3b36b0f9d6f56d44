"""Exact counting through real server processes, on whichever database the suite runs."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from esp.models import MockContact
from games.models import Game, Play
from testing.server import send_at_once, web_server


@pytest.fixture(scope="module")
def running(django_db_setup: None) -> Iterator[str]:
    # As many as there are threads may ask the ESP, so that each answer says what the ESP said.
    with web_server(ESP_OPTIONS='{"latency": 0.05}', ESP_CONCURRENCY="16") as address:
        yield address


@pytest.fixture
def server(running: str, transactional_db: None) -> Iterator[str]:
    yield running
    call_command("check_counts")


@pytest.fixture
def clients() -> int:
    return 32 if connection.vendor == "postgresql" else 4


def test_plays_of_one_address_are_answered_one_to_n(server: str, clients: int) -> None:
    answers = send_at_once(server, [[("cem@test.ru", None)] * 25] * clients)
    total = 25 * clients
    assert sorted(answer["games_count"] for answer in answers) == list(range(1, total + 1))
    assert [answer["games_status"] for answer in answers].count(False) == 1
    assert Game.objects.get().play_count == total
    assert sorted(Play.objects.values_list("number", flat=True)) == list(range(1, total + 1))


def test_first_plays_of_many_addresses(server: str) -> None:
    total = 200 if connection.vendor == "postgresql" else 40
    answers = send_at_once(server, [[(f"player{n}@test.ru", None)] for n in range(total)])
    assert answers == [{"esp_status": False, "games_status": False, "games_count": 1}] * total
    assert Game.objects.filter(contact_state="added").count() == total
    assert MockContact.objects.filter(times_added=1).count() == total


def test_first_plays_of_one_address_add_it_once(server: str, clients: int) -> None:
    answers = send_at_once(server, [[("cem@test.ru", None)]] * (clients * 2))
    assert MockContact.objects.get().times_added == 1
    assert [answer["esp_status"] for answer in answers].count(False) == 1
    assert sorted(answer["games_count"] for answer in answers) == list(range(1, clients * 2 + 1))


@pytest.mark.parametrize("settled", [False, True])
def test_one_key_counts_once(server: str, clients: int, settled: bool) -> None:
    before = len(send_at_once(server, [[("cem@test.ru", None)]] if settled else []))
    answers = send_at_once(server, [[("cem@test.ru", "key")]] * clients)
    assert {answer["games_count"] for answer in answers} == {before + 1}
    assert Game.objects.get().play_count == Play.objects.count() == before + 1
