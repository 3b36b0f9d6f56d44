from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations import AddIndex


class AddIndexWhileServing(AddIndexConcurrently):
    """Make the index without a lock: plays go on. SQLite has no such way, and needs none."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, *states)
            return
        # A run that was interrupted leaves an invalid index behind.
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        super().database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_backwards(self, app_label, schema_editor, *states)
            return
        super().database_backwards(app_label, schema_editor, *states)


class Migration(migrations.Migration):
    atomic = False  # as such an index wants it

    dependencies = [
        ("games", "0009_contact_failing"),
    ]

    operations = [
        AddIndexWhileServing(
            model_name="game",
            index=models.Index(
                fields=["contact_state", "first_played_at"],
                include=["contact_error", "contact_failing_since"],
                condition=models.Q(contact_state__in=["pending", "rejected"]),
                name="game_undelivered",
            ),
        ),
    ]
