from typing import Any

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class ValidateWhileServing(ValidateConstraint):
    """Check the rows that were there before; plays go on. SQLite has checked them already."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *states)


class Migration(migrations.Migration):
    dependencies = [("games", "0012_consent")]

    operations = [ValidateWhileServing(model_name="game", name="game_contact_state_known")]
