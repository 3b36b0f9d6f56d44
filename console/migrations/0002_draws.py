import datetime
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def make_right(apps, _schema_editor):
    # Django makes permissions after the last migration, which is too late for us.
    config = apps.get_app_config("console")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    give_right(apps)


def give_right(apps):
    """Let managers draw, if there still is the group."""
    right = apps.get_model("auth", "Permission").objects.get(codename="draw_winners")
    for group in apps.get_model("auth", "Group").objects.filter(name="managers"):
        group.permissions.add(right)


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0001_imports"),
        ("games", "0011_fillfactor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Draw",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "winners",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="winners",
                    ),
                ),
                (
                    "reserves",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(1000)],
                        verbose_name="reserves",
                    ),
                ),
                (
                    "weighted",
                    models.BooleanField(
                        default=False,
                        help_text="Else each address has one ticket.",
                        verbose_name="each play is a ticket",
                    ),
                ),
                (
                    "first_day",
                    models.DateField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(datetime.date(2000, 1, 1)),
                            django.core.validators.MaxValueValidator(datetime.date(2999, 12, 31)),
                        ],
                        verbose_name="first day of play",
                    ),
                ),
                (
                    "last_day",
                    models.DateField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(datetime.date(2000, 1, 1)),
                            django.core.validators.MaxValueValidator(datetime.date(2999, 12, 31)),
                        ],
                        verbose_name="last day of play",
                    ),
                ),
                (
                    "least_plays",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="Plays on these days.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="plays, at least",
                    ),
                ),
                (
                    "excluded_domains",
                    models.CharField(
                        blank=True,
                        help_text="Such as your own: example.com, пример.рф",
                        max_length=1000,
                        verbose_name="excluded domains",
                    ),
                ),
                (
                    "contact_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "any"),
                            ("pending", "pending"),
                            ("found", "found at the ESP"),
                            ("added", "added to the ESP"),
                            ("rejected", "rejected or given up"),
                        ],
                        max_length=8,
                        verbose_name="contact",
                    ),
                ),
                (
                    "public_source",
                    models.CharField(
                        blank=True,
                        help_text="Optional: what is published later and then added to the seed, such as the winning numbers of a lottery on a certain day.",
                        max_length=200,
                        verbose_name="public value",
                    ),
                ),
                ("prepared_at", models.DateTimeField(auto_now_add=True, verbose_name="prepared")),
                ("plays_until", models.DateTimeField(editable=False)),
                (
                    "candidates",
                    models.PositiveIntegerField(editable=False, verbose_name="candidates"),
                ),
                ("list_hash", models.CharField(editable=False, max_length=64)),
                ("seed", models.CharField(editable=False, max_length=64)),
                ("public_value", models.CharField(blank=True, editable=False, max_length=200)),
                ("drawn_at", models.DateTimeField(editable=False, null=True, verbose_name="drawn")),
                (
                    "drawn_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="prepared by",
                    ),
                ),
            ],
            options={
                "verbose_name": "draw",
                "verbose_name_plural": "draws",
                "ordering": ["-pk"],
                "permissions": [("draw_winners", "Can draw winners")],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="DrawnPlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveIntegerField()),
                (
                    "draw",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="console.draw",
                    ),
                ),
                (
                    "game",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="games.game",
                    ),
                ),
            ],
            options={
                "ordering": ["place"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("draw", "place"), name="drawnplace_once"),
                    models.UniqueConstraint(
                        fields=("draw", "game"), name="drawnplace_each_player_once"
                    ),
                ],
            },
        ),
        migrations.RunPython(make_right, migrations.RunPython.noop),
    ]
