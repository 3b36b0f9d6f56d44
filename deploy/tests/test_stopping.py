"""A web process that stops, behind a real nginx: it answers every play that has reached it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from games.models import Game, Play
from testing.nginx import API, Proxy
from testing.server import wait_for, web_server

THREADS = 4
PLAYS = 4 * THREADS  # half of them wait for a thread when the signal comes
SLOW_ESP = {"ESP_OPTIONS": '{"latency": 0.4}', "ESP_CONCURRENCY": str(THREADS)}


def test_stop_answers_plays_under_way_and_those_that_wait_for_a_thread(
    transactional_db: None, start_nginx: Callable[..., Proxy]
) -> None:
    def play(number: int) -> int:
        body = {"email": f"player{number}@test.ru"}
        return requests.post(nginx.url + API, json=body, timeout=30).status_code

    with ThreadPoolExecutor(PLAYS) as pool:
        with web_server(workers=1, WEB_THREADS=str(THREADS), **SLOW_ESP) as site:
            nginx = start_nginx(to=int(site.rpartition(":")[2]))
            answers = [pool.submit(play, number) for number in range(PLAYS)]
            wait_for(lambda: Game.objects.count() >= 2 * THREADS)
        # web_server() has sent SIGTERM, and the process has ended.
        assert [answer.result() for answer in answers] == [200] * PLAYS
    assert Play.objects.count() == PLAYS
