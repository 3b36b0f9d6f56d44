import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

# Erased keys no longer look at the erasure: they carry what they need of it.
FILL_ERASED_KEYS = """
UPDATE games_erasedkey SET
    address_digest = (SELECT digest FROM games_erasure WHERE games_erasure.id = erasure_id),
    erased_at = (SELECT erased_at FROM games_erasure WHERE games_erasure.id = erasure_id)
"""


class Migration(migrations.Migration):
    """The previous release can run on the tables as they are afterwards.

    It keeps its tables of totals (the app "stats" has its own now) and the column erasure_id.
    """

    dependencies = [
        ("games", "0007_erasure_backend"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasedkey",
            name="address_digest",
            field=models.CharField(db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="erasedkey",
            name="erased_at",
            field=models.DateTimeField(db_default=Now()),
        ),
        migrations.RunSQL(FILL_ERASED_KEYS, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="erasedkey", name="erasure"),
                migrations.AddField(
                    model_name="erasedkey",
                    name="erasure_id",
                    field=models.BigIntegerField(editable=False),
                    preserve_default=False,
                ),
                migrations.DeleteModel(name="PlayHour"),
                migrations.DeleteModel(name="DomainDay"),
                migrations.DeleteModel(name="ErasedHour"),
            ]
        ),
        migrations.AlterModelOptions(
            name="game",
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("view_address", "Can see addresses"),
                    ("export_game", "Can export players and plays"),
                    ("import_game", "Can import addresses"),
                    ("deliver_game", "Can deliver contacts now or again"),
                    ("view_person", "Can see everything about one person"),
                    ("erase_game", "Can erase a person"),
                    ("change_address", "Can change the address of a player"),
                    ("change_count", "Can change the number of plays"),
                ],
                "verbose_name": "player",
                "verbose_name_plural": "players",
            },
        ),
        migrations.AlterField(
            model_name="play",
            name="game",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="plays",
                to="games.game",
                verbose_name="player",
            ),
        ),
        migrations.AlterField(
            model_name="game",
            name="contact_state",
            field=models.CharField(
                choices=[
                    ("pending", "pending"),
                    ("found", "found at the ESP"),
                    ("added", "added to the ESP"),
                    ("rejected", "rejected by the ESP"),
                ],
                default="pending",
                editable=False,
                help_text="The contact at the ESP.",
                max_length=8,
                verbose_name="contact",
            ),
        ),
    ]
