from django.db import migrations


def count_in_parallel(_apps, schema_editor):
    """Let PostgreSQL group players by the day of a play with several processes.

    It assumes as many days as there are times of a play, which are all different, and then uses one
    process (docs/performance.md).
    """
    if schema_editor.connection.vendor == "postgresql":
        for column in ("first_played_at", "last_played_at"):
            schema_editor.execute(f"ALTER TABLE games_game ALTER {column} SET (n_distinct = 1000)")
        schema_editor.execute("ANALYZE games_game (first_played_at, last_played_at)")


def count_alone(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for column in ("first_played_at", "last_played_at"):
            schema_editor.execute(f"ALTER TABLE games_game ALTER {column} RESET (n_distinct)")


class Migration(migrations.Migration):
    dependencies = [("stats", "0001_totals"), ("games", "0014_consent_rights")]

    operations = [migrations.RunPython(count_in_parallel, count_alone)]
