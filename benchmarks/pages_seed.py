"""Fill a database with a made-up campaign of any size, in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# `players`, and `mean`: how many plays one has on average. The numbers of plays are distributed
# geometrically. Ids follow the time of the first play, as when a campaign writes them,
# and most players come in its first weeks. Of 1,000 contacts one is still pending.
CAMPAIGN = """
INSERT INTO games_game (
    email, play_count, first_played_at, last_played_at, contact_state, contact_attempts,
    contact_due_at, contact_error)
SELECT
    'demo.' || (ARRAY['anna', 'ivan', 'olga', 'cem', 'maria', 'alex', 'elena', 'max'])[1 + n %% 8]
        || '.' || n || '@'
        || (ARRAY['gmail.com', 'mail.ru', 'yandex.ru', 'gmail.com', 'web.de'])[1 + n %% 5],
    plays,
    first_play,
    first_play + (now() - first_play) * reach * (plays - 1) / plays,
    state,
    1,
    first_play + interval '1 hour',
    CASE state WHEN 'rejected' THEN 'The ESP does not take this address.'
               WHEN 'pending' THEN 'The ESP did not answer.' ELSE '' END
FROM (
    SELECT
        n,
        1 + floor(-ln(1 - random()) / -ln(1 - 1 / %(mean)s::float))::int AS plays,
        now() - interval '60 days' * (1 - (n / %(players)s::float) ^ 1.5) AS first_play,
        random() AS reach,
        CASE WHEN n %% 1000 = 999 THEN 'pending' WHEN n %% 33 = 0 THEN 'rejected'
             WHEN n %% 3 = 0 THEN 'found' ELSE 'added' END AS state
    FROM generate_series(1, %(players)s::bigint) n
    OFFSET 0
) made
ORDER BY n
"""
ITS_PLAYS = """
INSERT INTO games_play (game_id, number, played_at, esp_status)
SELECT
    game.id,
    number,
    CASE number WHEN 1 THEN first_played_at ELSE
        first_played_at + (last_played_at - first_played_at) * (number - 1) / (play_count - 1)
    END AS played_at,
    contact_state = 'found' OR contact_state = 'added' AND number > 1
FROM games_game game, generate_series(1, game.play_count) number
ORDER BY played_at
"""

# Players of long ago, whom anonymising takes.
IDLE_DAYS = 300
IDLE_PLAYERS = """
WITH made AS (
    INSERT INTO games_game (
        email, play_count, first_played_at, last_played_at, contact_state, contact_attempts,
        contact_due_at, contact_error)
    SELECT
        'idle.' || n || '@example' || n %% 50 || '.com',
        1 + n %% 7,
        first_play,
        first_play + n %% 7 * interval '7 hours',
        'added', 1, first_play, ''
    FROM (
        SELECT n, now() - interval '500 days' + n * interval '2 minutes' AS first_play
        FROM generate_series(1, %(players)s::bigint) n
        OFFSET 0
    ) made
    RETURNING id, play_count, first_played_at
)
INSERT INTO games_play (game_id, number, played_at, esp_status)
SELECT id, number, first_played_at + (number - 1) * interval '7 hours', true
FROM made, generate_series(1, play_count) number
"""
FORGET_TOTALS = [
    "DELETE FROM stats_hourlytotal",
    "DELETE FROM stats_domaintotal",
    "DELETE FROM stats_watermark",
]


# Primary keys stay: others refer to them.
KEYS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
        pg_get_constraintdef(oid))
FROM pg_constraint
WHERE conrelid IN ('games_game'::regclass, 'games_play'::regclass) AND contype IN ('f', 'u', 'c')
ORDER BY contype = 'f'
"""
INDEXES = """
SELECT format('DROP INDEX %%I', indexname), indexdef
FROM pg_indexes
WHERE tablename IN ('games_game', 'games_play')
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""


@contextmanager
def without_keys_and_indexes(cursor: Any) -> Iterator[None]:
    """Make them after the rows: with them in place a large campaign takes hours."""
    made = []
    for query in (INDEXES, KEYS):
        cursor.execute(query, {})
        made += cursor.fetchall()
    for drop, _ in made:
        cursor.execute(drop)
    yield
    for _, create in made:
        cursor.execute(create)


def seed(*, players: int, plays: int) -> None:
    """Make the tables, and the campaign if there is none; 5 minutes for 10 million players."""
    from django.core.management import call_command
    from django.db import connection

    from games.models import Game

    call_command("migrate", verbosity=0)
    if Game.objects.exists():
        return
    with connection.cursor() as cursor:
        sizes = {"players": players, "mean": plays / players}
        with without_keys_and_indexes(cursor):
            cursor.execute(CAMPAIGN, sizes)
            cursor.execute(ITS_PLAYS)
        cursor.execute("VACUUM ANALYZE")


def add_idle_players(number: int) -> None:
    """Make players of long ago. All totals are wrong then, and dropped."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(IDLE_PLAYERS, {"players": number})
        for statement in FORGET_TOTALS:
            cursor.execute(statement)
