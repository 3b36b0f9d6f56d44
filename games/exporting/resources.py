"""What an export holds: its columns, and how their values are written."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from import_export import fields, resources

from games.models import Game, Play

CHUNK = 2_000


class StreamedResource(resources.ModelResource):
    """A resource whose rows are read as they are written, never all held.

    django-import-export itself gathers a whole export in memory before it writes the first row.
    """

    def header(self) -> list[str]:
        return self.get_export_headers()

    def stream(self, queryset: QuerySet) -> Iterator[list[Any]]:
        """Yield each row's values: text, numbers, None."""
        paths = [field.attribute for field in self.get_export_fields()]
        # In a transaction PostgreSQL gives the rows as they are asked for; without one it would
        # first gather all, within the time that a statement of the web process may take.
        with transaction.atomic(using=queryset.db):
            # Not model instances, and no widget a value: a million rows would take minutes. Not
            # iterator(), which would gather all where DISABLE_SERVER_SIDE_CURSORS is set; that is
            # about cursors outside of transactions.
            rows = queryset.values_list(*paths)
            compiler = rows.query.get_compiler(using=rows.db)
            for row in compiler.results_iter(
                chunked_fetch=True, chunk_size=CHUNK, tuple_expected=True
            ):
                yield [plain(value) for value in row]


def plain(value: Any) -> Any:
    """Return times by the site's clock, in the form that the import reads too; else the value."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")
    return value


class GameResource(StreamedResource):
    email = fields.Field("email", "email")
    plays = fields.Field("play_count", "plays")
    first_play = fields.Field("first_played_at", "first_play")
    last_play = fields.Field("last_played_at", "last_play")
    contact = fields.Field("contact_state", "contact")
    last_error = fields.Field("contact_error", "last_error")

    class Meta:
        model = Game
        fields = ["email", "plays", "first_play", "last_play", "contact", "last_error"]


class PlayResource(StreamedResource):
    email = fields.Field("game__email", "email")
    number = fields.Field("number", "number")
    played = fields.Field("played_at", "played")
    esp_status = fields.Field("esp_status", "esp_status")

    class Meta:
        model = Play
        fields = ["email", "number", "played", "esp_status"]
