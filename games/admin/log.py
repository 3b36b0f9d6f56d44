"""Who did what in the console: exports and imports too, with their number of rows."""

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from games.admin.read_only import ReadOnlyMixin


@admin.register(LogEntry)
class LogAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["action_time", "user", "content_type", "object_repr", "what"]
    list_select_related = ["user", "content_type"]
    list_filter = ["action_flag"]
    show_full_result_count = False

    @admin.display(description=_("what was done"))
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message()


def write_log(request: HttpRequest, model: type[Model], message: str) -> None:
    """Note that the account did something to, or with, many rows of a model at once."""
    content_type = ContentType.objects.get_for_model(model)
    LogEntry.objects.create(
        user_id=request.user.pk or 0,  # staff are signed in
        content_type=content_type,
        object_repr=str(content_type),
        action_flag=CHANGE,
        change_message=message,
    )


def forget_entries(model: type[Model], rows: Iterable[Model]) -> None:
    """Drop the entries about these rows: they name them."""
    content_type = ContentType.objects.get_for_model(model)
    keys = [str(row.pk) for row in rows]
    LogEntry.objects.filter(content_type=content_type, object_id__in=keys).delete()
