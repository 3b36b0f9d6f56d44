"""Measure how fast a backlog is delivered within the ESP's limit: part of `make bench-esp`."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from typing import Any, NamedTuple

import requests

from benchmarks.load import run
from benchmarks.servers import PROJECT, ROOT, SETTINGS, Database, server
from testing.esp.server import KEY
from testing.server import free_port, wait_for

OWED = """
INSERT INTO games_game (email, play_count, first_played_at, last_played_at, contact_state,
    contact_attempts, contact_due_at, contact_error)
SELECT 'owed' || n || '@example.com', 1, now(), now(), 'pending', 0, now(), ''
FROM generate_series(1, {number}) n;
INSERT INTO games_play (game_id, number, played_at)
SELECT id, 1, now() FROM games_game WHERE contact_state = 'pending';
"""
DELIVERED = "SELECT count(*) FROM games_game WHERE email LIKE 'owed%' AND contact_state = 'added'"
NULLS = """SELECT count(*), count(*) FILTER (WHERE esp_status IS NULL) FROM games_play
JOIN games_game ON games_game.id = game_id
WHERE email LIKE 'player-%' AND played_at > now() - interval '{seconds} seconds'"""


class Case(NamedTuple):
    """An ESP, what is owed to it, and who delivers."""

    name: str
    vendor: str
    backend: str
    options: dict[str, Any]
    allowed: float  # calls a second
    latency: float  # seconds
    owed: int
    deliveries: int = 1
    plays: float = 1  # new players a second


BREVO = "esp.backends.brevo.BrevoBackend"
MAILCHIMP = "esp.backends.mailchimp.MailchimpBackend"
SES = "esp.backends.ses.SESBackend"
SES_OPTIONS = {"list_name": "game", "region": "eu-central-1"}
CASES = [
    Case("Brevo, 10 calls/s", "brevo", BREVO, {"list_id": 7}, 10, 0.02, 20_000),
    Case("Brevo, 10 calls/s", "brevo", BREVO, {"list_id": 7}, 10, 0.02, 20_000, deliveries=4),
    Case("SES, 1 call/s", "ses", SES, SES_OPTIONS, 1, 0.05, 500, plays=0),
    Case("Mailchimp, in bulk", "mailchimp", MAILCHIMP, {"list_id": "a1b2c3"}, inf, 0.3, 200_000),
]


@contextmanager
def esp(case: Case) -> Iterator[int]:
    port = free_port()
    command = [PROJECT, "-m", f"testing.esp.{case.vendor}", "--port", str(port)]
    command += ["--latency", str(case.latency), "--allowed", str(case.allowed)]
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def stats(port: int) -> dict[str, Any]:
    return dict(requests.get(f"http://127.0.0.1:{port}/_stats", timeout=60).json())


def answers(port: int) -> bool:
    try:
        return bool(stats(port))
    except requests.ConnectionError:
        return False


def play(port: int, new: Iterator[str], rate: float, seconds: float) -> None:
    if rate:
        run(port, new, clients=4, seconds=seconds, rate=rate)
    else:
        time.sleep(seconds)


def players() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"player-{number}@example.com"


def deliver(database: Database, case: Case, seconds: float) -> str:
    """Return a row of the table: what came of `seconds`, after half a minute to settle down."""
    with ExitStack() as stack:
        port = stack.enter_context(esp(case))
        options = case.options | {"base_url": f"http://127.0.0.1:{port}"}
        if case.vendor != "ses":
            options["api_key"] = KEY
        settings = {
            "ESP_BACKEND": case.backend,
            "ESP_OPTIONS": json.dumps(options),
            "LOG_LEVEL": "ERROR",
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
        }
        contender = stack.enter_context(server("project", database, **settings))
        database.sql(contender.database, OWED.format(number=case.owed))
        url = database.url(contender.database.replace(" ", "%20"))
        environment = os.environ | SETTINGS | settings | {"DATABASE_URL": url}
        for _ in range(case.deliveries - 1):  # the contender has one already
            command = [str(PROJECT), "manage.py", "deliver_contacts"]
            process = subprocess.Popen(command, cwd=ROOT, env=environment)
            stack.callback(process.wait, 40)
            stack.callback(process.terminate)
        new = players()
        play(contender.port, new, case.plays, 30)
        before = stats(port), database.sql(contender.database, DELIVERED)[0][0], time.monotonic()
        play(contender.port, new, case.plays, seconds)
        after = stats(port), database.sql(contender.database, DELIVERED)[0][0], time.monotonic()
        plays, nulls = database.sql(contender.database, NULLS.format(seconds=seconds))[0]
    lasted = after[2] - before[2]
    calls = (after[0]["calls"] - before[0]["calls"]) / lasted
    refused = after[0]["refused"] - before[0]["refused"]
    used = f"{100 * (calls - refused / lasted) / case.allowed:.0f} %" if case.allowed < inf else "–"
    rate = (after[1] - before[1]) / lasted
    cells = [case.name, case.deliveries, case.plays, f"{rate:.2f}"]
    cells += [f"{case.owed / rate / 3600:.2f}", used, refused, f"{nulls} of {plays}"]
    return f"| {' | '.join(map(str, cells))} |"


def main(seconds: float = 60) -> None:
    database = Database()
    print("The backlog beside new players; each row after half a minute of running\n")
    print("| ESP | deliveries | plays/s | contacts/s | hours | limit used | refused | null |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for case in CASES:
        print(deliver(database, case, seconds), flush=True)


if __name__ == "__main__":
    main()
