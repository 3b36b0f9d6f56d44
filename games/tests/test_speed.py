"""What a play costs, in numbers that do not depend on the machine. Speed itself: benchmarks/."""

import cProfile
import io
import pstats
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2.extensions
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from esp.client import get_client
from esp_mail.wsgi import PlayHandler
from games.models import Game
from games.rules.conf import play_fields
from games.tests.conftest import URL
from testing.consents import make_text

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no round trips to save"
)

# Python functions, and C's that Python calls; the textbook's view takes 3,763
CALLS = 550
CALLS_WITH_EXTRAS = 620  # with a consent and three fields
PLAY = b'{"email": "cem@test.ru"}'
PLAY_WITH_EXTRAS = (
    b'{"email": "cem@test.ru", "consent": {"mailing": true, "text": "1", "language": "en"},'
    b' "name": "Cem", "utm_source": "newsletter", "score": 42}'
)


@on_postgresql
def test_first_play_with_the_breaker_open_is_two_round_trips(play: Any, settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    for n in range(5):
        play(f"player{n}@test.ru")
    assert get_client().breaker.wait_seconds
    with CaptureQueriesContext(connection) as queries:
        answer = play("cem@test.ru").json()
    assert answer == {"esp_status": None, "games_status": False, "games_count": 1}
    assert len(queries) == 2
    game = Game.objects.get(email="cem@test.ru")
    assert (game.contact_state, game.contact_attempts) == ("pending", 0)


@on_postgresql
def test_first_play_is_four_round_trips_with_the_mock(play: Any) -> None:
    play("other@test.ru")
    with CaptureQueriesContext(connection) as queries:
        play("cem@test.ru")
    # Counted. The mock asked; the contact added. The outcome.
    assert len(queries) == 4


def environ(body: bytes) -> dict[str, Any]:
    """Return a browser's request, as gunicorn hands over what nginx passes on."""
    return {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": URL, "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost", "HTTP_X_FORWARDED_FOR": "203.0.113.7",
        "HTTP_X_FORWARDED_PROTO": "https", "HTTP_USER_AGENT": "Mozilla/5.0", "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_LANGUAGE": "ru,en;q=0.8", "HTTP_ORIGIN": "https://localhost",
    }  # fmt: skip


def send(handler: Any, play: bytes = PLAY) -> bytes:
    response = handler(environ(play), lambda _status, _headers: None)
    body = b"".join(response)
    response.close()
    return body


class CountingCursor(psycopg2.extensions.cursor):
    """Counts what Django's own record of queries leaves out: the health check."""

    executed = 0

    def execute(self, *args: Any) -> None:
        type(self).executed += 1
        super().execute(*args)


@pytest.fixture(params=[PLAY, PLAY_WITH_EXTRAS], ids=["bare", "extras"])
def play_sent(request: Any, settings: Settings, transactional_db: None) -> bytes:
    """Return a play's body; with extras on a site that demands a consent and stores fields."""
    if request.param == PLAY_WITH_EXTRAS:
        fields = {"name": "text:40", "utm_source": "text:40", "score": "integer"}
        settings.MAILING_CONSENT, settings.PLAY_FIELDS = "required", play_fields(fields)
        make_text()
    return bytes(request.param)


@on_postgresql
def test_returning_play_is_one_round_trip(play_sent: bytes) -> None:
    application = PlayHandler()
    send(application, play_sent)
    CountingCursor.executed = 0
    connection.connection.cursor_factory = CountingCursor
    with CaptureQueriesContext(connection) as queries:  # BEGIN and COMMIT would be here
        assert b'"games_count":2' in send(application, play_sent)
    assert len(queries) == CountingCursor.executed == 1


def profiled(play: bytes) -> tuple[bytes, pstats.Stats]:
    application = PlayHandler()
    for _ in range(3):  # what is done once in a process is not counted
        send(application, play)
    with cProfile.Profile() as profile:
        body = send(application, play)
    connection.close()
    return body, pstats.Stats(profile)


@on_postgresql
def test_returning_play_takes_few_function_calls(play_sent: bytes) -> None:
    # A thread, as in production: in this one the browser's tests leave an event loop running, for
    # which Django looks before each statement.
    with ThreadPoolExecutor() as pool:
        body, stats = pool.submit(profiled, play_sent).result()
    assert body == b'{"esp_status":true,"games_status":true,"games_count":4}'
    most = CALLS if play_sent == PLAY else CALLS_WITH_EXTRAS
    assert stats.total_calls < most, stats.total_calls  # type: ignore[attr-defined]  # missing in the stubs
