"""Who did what in the console: what was looked at, handed over, taken in, delivered and erased.

No entry holds an address: rows are named by their numbers.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from games.admin.filters import DayRangeFilter
from games.admin.read_only import ReadOnlyMixin


@admin.register(LogEntry)
class LogAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["action_time", "user", "content_type", "object_repr", "what"]
    list_select_related = ["user", "content_type"]
    list_filter = ["action_flag", ("action_time", DayRangeFilter), "user"]
    list_filter_submit = True
    search_fields = ["user__username", "object_repr", "change_message"]
    search_help_text = _("An account, a row such as “Game 12”, or a part of what was done.")
    show_full_result_count = False

    @admin.display(description=_("what was done"))
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message()


def write_log(
    request: HttpRequest, model: type[Model], message: str, row: Model | None = None
) -> None:
    """Note what the account did to, or with, a row, or many of a model at once."""
    content_type: Any = ContentType.objects.get_for_model(model)
    LogEntry.objects.create(
        user_id=request.user.pk or 0,  # staff are signed in
        content_type=content_type,
        object_id=str(row.pk) if row else None,
        object_repr=str(row or content_type),
        action_flag=CHANGE,
        change_message=message,
    )
