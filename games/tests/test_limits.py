"""Limits on plays, with a real Redis: exact, the same for all processes, and never in the way."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client import REGISTRY

from games.limits.checks import client_network, get_limiter
from games.models import Game, Play
from games.tests.conftest import URL
from testing.redis_server import MISSING, RedisServer, redis_server
from testing.server import wait_for, web_server

pytestmark = pytest.mark.skipif(MISSING, reason="redis-server is not installed")

HOUR = 3600


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        settings.REDIS_URL = server.url
        get_limiter.cache_clear()
        yield server
    get_limiter.cache_clear()


def refused(limit: str) -> float:
    return REGISTRY.get_sample_value("esp_mail_limited_total", {"limit": limit}) or 0.0


def test_no_limit_asks_no_redis(play: Callable[..., Any]) -> None:
    assert [play("cem@test.ru").status_code for _ in range(3)] == [200] * 3
    assert get_limiter.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "Too many plays. Try again later."),
        ("ru", "Слишком много игр. Попробуйте позже."),
    ],
)
def test_play_over_the_limit_of_its_address(
    store: RedisServer, settings: Any, play: Callable[..., Any], language: str, detail: str
) -> None:
    settings.PLAYS_PER_ADDRESS = (2, HOUR)
    before = refused("address")
    assert [play("cem@test.ru").status_code for _ in range(2)] == [200, 200]

    response = play("Cem@Test.RU", **{"Accept-Language": language})

    assert response.status_code == 429
    assert response.json() == {"detail": detail}
    assert HOUR - 60 < int(response["Retry-After"]) <= HOUR
    assert Play.objects.count() == 2
    assert play("other@test.ru").status_code == 200
    assert refused("address") == before + 1


def test_address_over_the_limit_of_its_client(
    store: RedisServer, settings: Any, play: Callable[..., Any]
) -> None:
    settings.ADDRESSES_PER_CLIENT = (2, HOUR)
    settings.CLIENT_IP_HEADER = "X-Real-IP"
    here, there = {"X-Real-IP": "198.51.100.1"}, {"X-Real-IP": "198.51.100.2"}
    assert [play(f"{n}@test.ru", **here).status_code for n in (1, 2, 1, 2)] == [200] * 4

    assert play("3@test.ru", **here).status_code == 429
    assert play("1@test.ru", **here).json()["games_count"] == 3
    assert play("3@test.ru", **there).status_code == 200


def test_refused_play_uses_up_neither_limit(
    store: RedisServer, settings: Any, play: Callable[..., Any]
) -> None:
    settings.ADDRESSES_PER_CLIENT = (1, HOUR)
    settings.PLAYS_PER_ADDRESS = (1, HOUR)
    settings.CLIENT_IP_HEADER = "X-Real-IP"
    assert play("cem@test.ru", **{"X-Real-IP": "198.51.100.1"}).status_code == 200
    assert play("new@test.ru", **{"X-Real-IP": "198.51.100.1"}).status_code == 429
    assert play("new@test.ru", **{"X-Real-IP": "198.51.100.2"}).status_code == 200


def test_repeated_request_is_one_hit_and_never_refused(
    store: RedisServer, settings: Any, play: Callable[..., Any]
) -> None:
    settings.PLAYS_PER_ADDRESS = (2, HOUR)
    answers = [play("cem@test.ru", "a").json() for _ in range(4)]
    assert [answer["games_count"] for answer in answers] == [1] * 4
    assert play("cem@test.ru", "b").json()["games_count"] == 2
    assert play("cem@test.ru", "c").status_code == 429
    assert play("cem@test.ru", "a").json()["games_count"] == 1


def test_request_counted_while_redis_was_away_is_not_refused(
    store: RedisServer, settings: Any, play: Callable[..., Any]
) -> None:
    assert play("cem@test.ru", "before").status_code == 200
    settings.PLAYS_PER_ADDRESS = (1, HOUR)
    assert play("cem@test.ru", "after").status_code == 200
    assert play("cem@test.ru", "before").json()["games_count"] == 1
    assert play("cem@test.ru", "another").status_code == 429


def test_window_slides(store: RedisServer, settings: Any, play: Callable[..., Any]) -> None:
    settings.PLAYS_PER_ADDRESS = (1, 1)
    assert play("cem@test.ru").status_code == 200
    response = play("cem@test.ru")
    assert (response.status_code, response["Retry-After"]) == (429, "1")
    wait_for(lambda: play("cem@test.ru").status_code == 200)


def test_redis_knows_no_address(
    store: RedisServer, settings: Any, play: Callable[..., Any]
) -> None:
    settings.PLAYS_PER_ADDRESS = settings.ADDRESSES_PER_CLIENT = (5, HOUR)
    settings.CLIENT_IP_HEADER = "X-Real-IP"
    play("canary@test.ru", "canary-key", **{"X-Real-IP": "198.51.100.77"})
    kept = store.content()
    assert len(kept) == 4
    assert not [text for text in kept if "canary" in text or "198.51" in text or "@" in text]


def test_campaign_goes_on_without_redis(
    store: RedisServer, settings: Any, play: Callable[..., Any], caplog: Any, monkeypatch: Any
) -> None:
    settings.PLAYS_PER_ADDRESS = (1, HOUR)
    unchecked = "esp_mail_limits_unchecked_total"
    before = REGISTRY.get_sample_value(unchecked) or 0
    assert play("cem@test.ru").status_code == 200
    store.stop()
    with caplog.at_level(logging.WARNING, "games.limits.limiter"):
        assert [play("cem@test.ru").status_code for _ in range(3)] == [200] * 3
        monkeypatch.setattr("games.limits.limiter.RETRY_INTERVAL", 0.0)
        get_limiter()._unavailable_until = 1e-9  # the interval is over
        assert play("cem@test.ru").status_code == 200
        store.start()
        assert play("cem@test.ru").status_code == 200
        assert play("cem@test.ru").status_code == 429
    ours = [record for record in caplog.records if record.name == "games.limits.limiter"]
    assert [record.levelname for record in ours] == ["ERROR", "WARNING"]
    assert REGISTRY.get_sample_value(unchecked) == before + 4


def test_restart_of_redis_is_not_noticed(
    store: RedisServer, settings: Any, play: Callable[..., Any], caplog: Any
) -> None:
    settings.PLAYS_PER_ADDRESS = (5, HOUR)
    assert play("cem@test.ru").status_code == 200
    store.stop()
    store.start()
    assert play("cem@test.ru").status_code == 200
    assert [r for r in caplog.records if r.name == "games.limits.limiter"] == []


def test_windows_are_exact_over_several_processes(transactional_db: None, tmp_path: Path) -> None:
    """Two gunicorns of two workers, 200 plays at once."""
    with redis_server(tmp_path) as server:
        limits = {
            "REDIS_URL": server.url,
            "PLAYS_PER_ADDRESS": "7/hour",
            "ADDRESSES_PER_CLIENT": "5/hour",
            "CLIENT_IP_HEADER": "X-Real-IP",
        }
        with web_server(2, **limits) as one, web_server(2, **limits) as two:
            sent = [("cem@test.ru", f"2001:db8:0:{n}::1") for n in range(100)]
            # Each address twice, of one network; the second time from another of its machines.
            sent += [(f"{n % 50}@test.ru", f"2001:db8:1:1::{n}") for n in range(100)]

            def send(index: int) -> int:
                email, client = sent[index]
                site = (one, two)[index % 2]
                headers = {"X-Real-IP": client}
                return requests.post(
                    site + URL, json={"email": email}, headers=headers, timeout=60
                ).status_code

            with ThreadPoolExecutor(40) as pool:
                statuses = list(pool.map(send, range(200)))

    assert set(statuses) == {200, 429}
    assert Game.objects.get(email="cem@test.ru").play_count == 7
    others = Game.objects.exclude(email="cem@test.ru")
    assert others.count() == 5
    accepted = Counter(email for (email, _), s in zip(sent, statuses, strict=True) if s == 200)
    assert accepted == dict(Game.objects.values_list("email", "play_count"))


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("", ""),
    ],
)
def test_client_network(address: str, client: str) -> None:
    assert client_network(address) == client
