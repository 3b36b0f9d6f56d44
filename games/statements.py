"""The statements that count a play in one round trip to PostgreSQL."""

from games.models import LEASE
from serving.postgresql.base import Statement

# Counts one more play of a player whose contact is settled, or makes the row of a new address. The
# caller then holds the claim of its contact, unless it is withheld. In any other case nothing is
# written and no row is returned: the contact is pending, it was withheld and its person now agrees
# to mailing, or the idempotency key was used, perhaps by an erased play.
# GREATEST, since the statement may have waited for the row's lock: times must not go backwards.
_PLAYER = f"""
WITH fresh AS (
    SELECT WHERE NOT EXISTS (SELECT FROM games_play WHERE idempotency_key = %(key)s)
        AND NOT EXISTS (SELECT FROM games_erasedkey WHERE digest = %(digest)s)
), counted AS (
    UPDATE games_game
    SET play_count = play_count + 1, last_played_at = GREATEST(last_played_at, %(now)s)
    WHERE email = %(email)s AND contact_state <> 'pending' AND play_count > 0
        AND (contact_state <> 'withheld' OR NOT %(agreed)s)
        AND EXISTS (SELECT FROM fresh)
    RETURNING id, play_count, last_played_at,
        contact_state NOT IN ('rejected', 'withheld') AS esp_status
), made AS (
    INSERT INTO games_game (email, play_count, first_played_at, last_played_at,
        contact_state, contact_attempts, contact_due_at, contact_error, request_id)
    SELECT %(email)s, 1, %(now)s, %(now)s,
        CASE WHEN %(withheld)s THEN 'withheld' ELSE 'pending' END,
        CASE WHEN %(withheld)s THEN 0 ELSE 1 END,
        %(now)s + interval '{LEASE.total_seconds()} seconds', '', %(request_id)s
    FROM fresh
    WHERE NOT EXISTS (SELECT FROM games_game WHERE email = %(email)s)
    ON CONFLICT (email) DO NOTHING
    RETURNING id, play_count, last_played_at,
        CASE contact_state WHEN 'withheld' THEN false END AS esp_status
), player AS (SELECT * FROM counted UNION ALL SELECT * FROM made)
"""  # noqa: S608 - no values, only a constant
_PARAMETERS = {
    "email": "text",
    "key": "text",
    "digest": "text",
    "now": "timestamptz",
    "request_id": "text",
    "withheld": "boolean",
    "agreed": "boolean",
}
COUNT = Statement(
    "count_play",
    f"""{_PLAYER}
INSERT INTO games_play (game_id, number, played_at, esp_status, idempotency_key)
SELECT player.*, %(key)s FROM player
RETURNING number, esp_status, game_id, id
    """,  # noqa: S608 - no values, only the text above
    **_PARAMETERS,
)

# The same for a play that brings more than an address: its fields, and what its player agreed to.
COUNT_WITH_EXTRAS = Statement(
    "count_play_with_extras",
    f"""{_PLAYER}
, played AS (
    INSERT INTO games_play (game_id, number, played_at, esp_status, idempotency_key, fields)
    SELECT player.*, %(key)s, NULLIF(%(extras)s::jsonb -> 'fields', 'null') FROM player
    RETURNING number, esp_status, game_id, id
), agreed AS (
    INSERT INTO games_consent (game_id, text_id, act, at, source, page, client)
    SELECT game_id, text_id, act, %(now)s, 'play', page, client
    FROM played, jsonb_to_recordset(%(extras)s::jsonb -> 'consents')
        AS consent (text_id bigint, act text, page text, client inet)
)
SELECT number, esp_status, game_id, id FROM played
    """,  # noqa: S608 - no values, only the text above
    **_PARAMETERS,
    extras="jsonb",
)

# The final outcome of asking the ESP; a contact that another process settled stays settled. The
# count(*) makes PostgreSQL lock the player before the play, as all other code does: in the other
# order this statement and a repeated request could wait for each other.
SETTLE = Statement(
    "settle",
    """
WITH settled AS (
    UPDATE games_game SET contact_state = %(state)s, contact_error = %(error)s,
        contact_failing_since = NULL
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
