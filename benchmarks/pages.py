"""How long the staff's pages take with a million players: `make bench-pages`.

Each page is asked for as a signed-in browser does, its queries timed; nothing is cached but what
PostgreSQL keeps. The database is made once (20 minutes) in benchmarks/.pages, and kept.
"""

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

PLAYERS, PLAYS, ROUNDS = 1_000_000, 5_000_000, 5
PAGES = {
    "dashboard": "/admin/",
    "games": "/admin/games/game/",
    "games, page 9000": "/admin/games/game/?p=9000",
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
EXPORTS = ("/admin/games/game/export/", "/admin/games/play/export/")
# As many as the title says, and their numbers in step: what seed_demo draws is fewer.
MORE_PLAYS = """
WITH more AS (
    INSERT INTO games_play (game_id, number, played_at, esp_status)
    SELECT id, play_count + n, last_played_at, true
    FROM games_game, generate_series(1, %(each)s) n WHERE id %% %(every)s = 0 RETURNING game_id
)
UPDATE games_game SET play_count = play_count + %(each)s WHERE id %% %(every)s = 0
"""


def measure(client: Any, path: str) -> tuple[float, float, str]:
    """Return the seconds of a page and of its slowest query, and that query."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        begin = time.perf_counter()
        response = client.get(path, secure=True)
        next(iter(response.streaming_content)) if response.streaming else response.content
        seconds = time.perf_counter() - begin
    assert response.status_code == 200, (path, response.status_code)
    slowest = max(queries, key=lambda query: float(query["time"]))
    return seconds, float(slowest["time"]), slowest["sql"]


def main() -> None:
    from datetime import timedelta

    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.utils import timezone

    client = Client(HTTP_HOST="127.0.0.1")
    user = get_user_model().objects.filter(is_superuser=True).first()
    client.force_login(user or get_user_model().objects.create_superuser("bench"))
    week = (timezone.localdate() - timedelta(days=7)).isoformat()
    print("| page | s, median (most) | slowest query ms |\n|---|---|---|")
    for name, path in PAGES.items():
        measure(client, path.format(week=week))  # once, for what PostgreSQL keeps of its tables
        rounds = [measure(client, path.format(week=week)) for _ in range(ROUNDS)]
        seconds = [one[0] for one in rounds]
        slowest = statistics.median(one[1] for one in rounds)
        print(f"| {name} | {statistics.median(seconds):.3f} ({max(seconds):.3f}) | {slowest * 1000:.0f} |")
        if slowest > 0.15 and "-v" in sys.argv:
            print(rounds[-1][2])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")
    django.setup()
    main()
