from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.migrations.operations import AddConstraint


class AddConstraintWhileServing(AddConstraintNotValid):
    """Add the constraint without reading the table; the next migration reads it, without a lock."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *states)
        else:
            AddConstraint.database_forwards(self, app_label, schema_editor, *states)


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0011_fillfactor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("given", "given"),
                            ("declined", "not given"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                        verbose_name="act",
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="time"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("play", "with a play"),
                            ("person", "by the person, on their own page or by a link"),
                            ("staff", "by staff"),
                        ],
                        max_length=6,
                        verbose_name="source",
                    ),
                ),
                (
                    "page",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="page"),
                ),
                ("client", models.GenericIPAddressField(null=True, verbose_name="IP address")),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="ConsentProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(db_index=True, editable=False, max_length=64)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("given", "given"),
                            ("declined", "not given"),
                            ("withdrawn", "withdrawn"),
                        ],
                        editable=False,
                        max_length=9,
                        verbose_name="act",
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="time")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("play", "with a play"),
                            ("person", "by the person, on their own page or by a link"),
                            ("staff", "by staff"),
                        ],
                        editable=False,
                        max_length=6,
                        verbose_name="source",
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="erased"
                    ),
                ),
            ],
            options={
                "verbose_name": "proof of an erased consent",
                "verbose_name_plural": "proofs of erased consents",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.SlugField(
                        help_text="“mailing”: the ESP.", max_length=40, verbose_name="purpose"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        help_text="As in “en” or “ru”.", max_length=10, verbose_name="language"
                    ),
                ),
                (
                    "version",
                    models.CharField(
                        help_text="The site sends it.", max_length=40, verbose_name="version"
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                ("digest", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                (
                    "retired_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="retired"),
                ),
            ],
            options={
                "verbose_name": "consent text",
                "verbose_name_plural": "consent texts",
                "ordering": ["-pk"],
            },
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
                    ("withdraw_consent", "Can withdraw a consent at its person's wish"),
                ],
                "verbose_name": "player",
                "verbose_name_plural": "players",
            },
        ),
        migrations.RemoveConstraint(
            model_name="game",
            name="game_contact_state_known",
        ),
        migrations.AddField(
            model_name="erasure",
            name="only_contact",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="only the contact"
            ),
        ),
        migrations.AddField(
            model_name="play",
            name="fields",
            field=models.JSONField(null=True, verbose_name="fields"),
        ),
        migrations.AlterField(
            model_name="game",
            name="contact_state",
            field=models.CharField(
                choices=[
                    ("pending", "pending"),
                    ("found", "found at the ESP"),
                    ("added", "added to the ESP"),
                    ("rejected", "rejected or given up"),
                    ("withheld", "withheld from the ESP"),
                ],
                default="pending",
                editable=False,
                help_text="The contact at the ESP.",
                max_length=8,
                verbose_name="contact",
            ),
        ),
        AddConstraintWhileServing(
            model_name="game",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("contact_state__in", ["pending", "found", "added", "rejected", "withheld"])
                ),
                name="game_contact_state_known",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="game",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="consents",
                to="games.game",
                verbose_name="player",
            ),
        ),
        migrations.AddConstraint(
            model_name="consenttext",
            constraint=models.UniqueConstraint(
                fields=("purpose", "language", "version"), name="consent_text_unique"
            ),
        ),
        migrations.AddField(
            model_name="consentproof",
            name="text",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="games.consenttext",
                verbose_name="text",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="text",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                to="games.consenttext",
                verbose_name="text",
            ),
        ),
    ]
