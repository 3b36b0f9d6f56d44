"""The statements of peer B, and of pgbench, which measures the limit."""

# $1 is the address, $2 the time.
RETURNING = """
WITH played AS (
    UPDATE games_game SET play_count = play_count + 1, last_played_at = $2
    WHERE email = $1 RETURNING id, play_count
), appended AS (
    INSERT INTO games_play (game_id, number, played_at, esp_status)
    SELECT id, play_count, $2, true FROM played
)
SELECT play_count FROM played
"""

# Exact with concurrent first plays: the one that comes later counts as the second play.
NEW = """
WITH played AS (
    INSERT INTO games_game (email, play_count, first_played_at, last_played_at, contact_state,
        contact_attempts, contact_due_at, contact_error)
    VALUES ($1, 1, $2, $2, 'added', 1, $2, '')
    ON CONFLICT (email) DO UPDATE
    SET play_count = games_game.play_count + 1, last_played_at = $2
    RETURNING id, play_count
), appended AS (
    INSERT INTO games_play (game_id, number, played_at, esp_status)
    SELECT id, play_count, $2, play_count > 1 FROM played
), contact AS (
    INSERT INTO esp_mockcontact (email, added_at, times_added)
    SELECT $1, $2, 1 FROM played WHERE play_count = 1 ON CONFLICT DO NOTHING
)
SELECT play_count FROM played
"""

# pgbench names its variables :n, and has no text parameters.
LIMIT_RETURNING, LIMIT_NEW = (
    " ".join(sql.replace("$1", "'player' || :n || '@example.com'").replace("$2", "now()").split())
    for sql in (RETURNING, NEW)
)
