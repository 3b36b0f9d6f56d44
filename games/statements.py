"""Plays counted in one statement each, as PostgreSQL can.

A key that was counted before, also of a play that was erased since, updates and makes no row; it is
told apart afterwards.
"""

from esp_mail.postgresql.prepared import Statement

# GREATEST, since the row's lock may be waited for: plays are in the order of their times.
COUNT_SETTLED = Statement(
    "count_settled",
    """
WITH played AS (
    UPDATE games_game
    SET play_count = play_count + 1, last_played_at = GREATEST(last_played_at, %(now)s)
    WHERE email = %(email)s AND contact_state <> 'pending' AND play_count > 0
        AND NOT EXISTS (SELECT FROM games_play WHERE idempotency_key = %(key)s)
        AND NOT EXISTS (SELECT FROM games_erasedkey WHERE digest = %(digest)s)
    RETURNING id, play_count, last_played_at, contact_state <> 'rejected' AS esp_status
), appended AS (
    INSERT INTO games_play (game_id, number, played_at, esp_status, idempotency_key)
    SELECT id, play_count, last_played_at, esp_status, %(key)s FROM played
)
SELECT play_count, esp_status FROM played
    """,
    email="text",
    key="text",
    digest="text",
    now="timestamptz",
)

# The play and the debt to the ESP; nothing where the address has a row.
COUNT_FIRST = Statement(
    "count_first",
    """
WITH made AS (
    INSERT INTO games_game (email, play_count, first_played_at, last_played_at,
        contact_state, contact_attempts, contact_due_at, contact_error, request_id)
    SELECT %(email)s, 1, %(now)s, %(now)s, 'pending', %(attempts)s, %(due)s, '', %(request_id)s
    WHERE NOT EXISTS (SELECT FROM games_play WHERE idempotency_key = %(key)s)
        AND NOT EXISTS (SELECT FROM games_erasedkey WHERE digest = %(digest)s)
    ON CONFLICT (email) DO NOTHING
    RETURNING id
)
INSERT INTO games_play (game_id, number, played_at, idempotency_key)
SELECT id, 1, %(now)s, %(key)s FROM made
RETURNING game_id, id
    """,
    email="text",
    key="text",
    digest="text",
    now="timestamptz",
    due="timestamptz",
    attempts="int",
    request_id="text",
)

# What came of asking the ESP, where that is final; what another process settled stays settled. The
# count makes PostgreSQL lock the game first, as all do: the other way round, a repeated request
# that holds the game would wait for the play's key, and this one for the game.
SETTLE = Statement(
    "settle",
    """
WITH settled AS (
    UPDATE games_game SET contact_state = %(state)s, contact_error = %(error)s
    WHERE id = %(game)s AND contact_state = 'pending'
    RETURNING id
)
UPDATE games_play SET esp_status = %(esp_status)s
WHERE id = %(play)s AND (SELECT count(*) FROM settled) >= 0
    """,
    game="bigint",
    play="bigint",
    state="text",
    error="text",
    esp_status="boolean",
)
