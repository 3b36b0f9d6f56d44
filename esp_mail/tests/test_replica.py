"""Staff pages on a real streaming replica: when they read it, and when they do not."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from esp_mail import replica
from games.models import Game
from games.tests.conftest import URL
from games.tests.server import wait_for

from .postgres import ThrowawayPostgres

GAMES = "/admin/games/game/"
SOCKET = str(connection.settings_dict["HOST"])

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite" or not SOCKET.startswith("/"),
        reason="replicates the PostgreSQL of the tests",
    ),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[ThrowawayPostgres]:
    """Start a replica of the tests' database; `connections` knows it."""
    server = ThrowawayPostgres(replica_of=SOCKET)
    mirror = connection.settings_dict["TEST"] | {"MIRROR": "default"}
    config = connection.settings_dict | {"HOST": server.socket, "TEST": mirror}
    connections.settings["replica"] = config
    yield server
    connections["replica"].close()
    del connections["replica"]
    del connections.settings["replica"]
    server.server.cleanup()


@pytest.fixture(autouse=True)
def copy(server: ThrowawayPostgres, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the site up with the replica; return the connection to it."""
    settings.DATABASE_ROUTERS = ["esp_mail.replica.ReplicaRouter"]
    settings.MIDDLEWARE = [*django_settings.MIDDLEWARE, "esp_mail.replica.ReplicaMiddleware"]
    monkeypatch.setattr(replica, "LOOK_EVERY", 0.0)
    return connections["replica"]


@pytest.fixture
def staff(copy: Any, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    Game.objects.create(email="seen@test.ru")
    wait_for(replica.keeps_up)
    return client


@pytest.fixture
def stopped(staff: Client, copy: Any) -> Iterator[None]:
    """Let the replica stand still, as one that cannot keep up."""
    sql(copy, "SELECT pg_wal_replay_pause()")
    yield
    sql(copy, "SELECT pg_wal_replay_resume()")


def sql(database: Any, statement: str) -> Any:
    with database.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def reads(copy: Any, client: Client, path: str = GAMES) -> int:
    """Return how many queries the replica has for a page."""
    with CaptureQueriesContext(copy) as queries:
        assert client.get(path).status_code == 200
    return sum("games_" in query["sql"] for query in queries.captured_queries)


@pytest.mark.parametrize(
    "path", [GAMES, "/admin/games/play/", "/admin/", "/admin/games/game/?q=seen"]
)
def test_pages_read_the_replica(staff: Client, copy: Any, path: str) -> None:
    assert reads(copy, staff, path) > 0


def test_play_is_counted_by_the_primary(staff: Client, copy: Any, stopped: None) -> None:
    with CaptureQueriesContext(copy) as queries:
        answers = [
            staff.post(URL, {"email": "new@test.ru"}, "application/json").json()["games_count"]
            for _ in range(3)
        ]
    assert (answers, len(queries)) == ([1, 2, 3], 0)


def test_replica_a_little_behind_is_read(
    staff: Client, copy: Any, stopped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_BEHIND", 3600)
    Game.objects.create(email="unseen@test.ru")
    assert b"seen@test.ru" in staff.get(GAMES).content
    assert b"unseen@test.ru" not in staff.get(GAMES).content


def test_replica_too_far_behind_is_not_read(
    staff: Client,
    copy: Any,
    stopped: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert reads(copy, staff) > 0
    monkeypatch.setattr(replica, "MOST_BEHIND", 0)
    Game.objects.create(email="unseen@test.ru")
    with caplog.at_level(logging.WARNING, "esp_mail.replica"):
        assert b"unseen@test.ru" in staff.get(GAMES).content
    assert [record.getMessage() for record in caplog.records] == [
        "the replica is down or behind: staff pages read the primary"
    ]


def test_old_commit_is_no_lag_where_nothing_is_newer(
    staff: Client, copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_BEHIND", 0)
    wait_for(lambda: reads(copy, staff) > 0)


def test_who_changed_something_sees_it(staff: Client, copy: Any) -> None:
    game = Game.objects.get()
    data = {"action": "deliver_now", "_selected_action": [game.pk]}
    response = staff.post(GAMES, data)
    assert response.cookies["read_primary"]["max-age"] == 15
    assert reads(copy, staff) == 0
    del staff.cookies["read_primary"]
    assert reads(copy, staff) > 0


def test_export_is_read_from_the_replica(staff: Client, copy: Any) -> None:
    with CaptureQueriesContext(copy) as queries:
        response = staff.post(f"{GAMES}export/", {"format": "0", "resource": "0"})
        content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert b"seen@test.ru" in content
    assert any("games_game" in query["sql"] for query in queries.captured_queries)


def test_what_is_read_to_be_changed_is_the_primarys(copy: Any) -> None:
    replica.reads_replica.set(True)
    try:
        assert Game.objects.all().db == "replica"
        with transaction.atomic():
            assert Game.objects.select_for_update().db == "default"
        assert User.objects.all().db == "default"
        game = Game.objects.create(email="cem@test.ru")
        assert game._state.db == "default"
    finally:
        replica.reads_replica.set(False)


def test_nothing_is_migrated_there(copy: Any) -> None:
    router = replica.ReplicaRouter()
    assert (router.allow_migrate("replica", "games"), router.allow_migrate("default", "games")) == (
        False,
        True,
    )


def test_replica_that_fails_costs_one_redirect(
    staff: Client, copy: Any, server: ThrowawayPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "LOOK_EVERY", 3600.0)
    assert reads(copy, staff) > 0
    server.stop()  # for good
    response = staff.get(f"{GAMES}?q=seen", follow=True)
    assert response.redirect_chain == [(f"{GAMES}?q=seen", 307)]
    assert b"seen@test.ru" in response.content
    assert staff.get(GAMES).status_code == 200


def test_replica_that_is_away_is_not_asked(server: ThrowawayPostgres, client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    Game.objects.create(email="seen@test.ru")
    assert not replica.keeps_up()
    assert b"seen@test.ru" in client.get(GAMES).content


def test_other_errors_are_left_alone(rf: RequestFactory) -> None:
    middleware = replica.ReplicaMiddleware(lambda _request: HttpResponse())
    assert middleware.process_exception(rf.get(GAMES), DatabaseError()) is None
