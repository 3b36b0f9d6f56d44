"""Measure the size of plays and players on disk and in the write-ahead log.

`python -m benchmarks.sizes` starts a PostgreSQL and counts five plays for each of 2,000 players.
"""

import os

from games.counting import NewPlay, count_play
from testing.postgres import ThrowawayPostgres

PLAYERS, PLAYS_EACH = 2_000, 5


def main() -> None:
    os.environ |= {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "esp_mail.settings"}
    os.environ["DATABASE_URL"] = ThrowawayPostgres().url
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from games.models import Game

    def number(statement: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.fetchone()[0])

    def written() -> int:
        return number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")

    call_command("migrate", verbosity=0)
    emails = [f"player.number{n}@example{n % 50}.com" for n in range(PLAYERS)]
    for first in (True, False):
        connection.cursor().execute("CHECKPOINT")
        connection.cursor().execute("SET synchronous_commit = off")  # only sizes matter here
        before, plays = written(), 0
        for turn in range(1 if first else PLAYS_EACH - 1):
            for email in emails:
                count_play(NewPlay(email, f"{email}-{turn}-{first:d}-key"))
                plays += 1
        which, size = "first" if first else "later", (written() - before) // plays
        print(f"write-ahead log per {which} play: {size} bytes")
        Game.objects.update(contact_state="added")
        connection.cursor().execute("VACUUM FULL")
    for table, rows in (("games_game", PLAYERS), ("games_play", PLAYERS * PLAYS_EACH)):
        size = number(f"SELECT pg_total_relation_size('{table}')")
        print(f"{table}: {size // rows} bytes a row, with indexes")


if __name__ == "__main__":
    main()
