"""Who did what in the console: what was looked at, handed over, taken in, delivered and erased.

No entry holds an address: rows are named by their numbers.
"""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from console.lists.change_list import ReadOnlyMixin, column
from console.lists.filters import DayRangeFilter, StaffFilter


@admin.register(LogEntry)
class LogAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = fields = ["when", "who", "what", "about"]
    list_select_related = ["user", "content_type"]
    list_filter = [("user", StaffFilter), ("action_time", DayRangeFilter)]
    search_fields = ["user__username", "object_repr", "change_message"]
    search_help_text = _("An account, a row such as “Player 12”, or a part of what was done.")

    when = column("action_time", _("when"))
    who = column("user", _("who"))

    @admin.display(description=_("what was done"))
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message()

    @admin.display(description=_("with what"))
    def about(self, entry: LogEntry) -> str | None:
        """Name the row, with its kind where the name does not say it; None if it was a list."""
        if not entry.object_id:
            return None
        kind = str(entry.content_type.name) if entry.content_type else ""
        is_named = kind.lower() in entry.object_repr.lower()
        return entry.object_repr if is_named else f"{kind}: {entry.object_repr}"
