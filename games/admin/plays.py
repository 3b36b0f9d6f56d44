"""The single plays, to look at only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from games.admin.exports import ExportMixin
from games.admin.filters import DayRangeFilter
from games.admin.masked import MaskedMixin
from games.admin.paginators import CappedPaginator
from games.admin.read_only import ReadOnlyMixin
from games.exporting.resources import PlayResource
from games.models import Play


@admin.register(Play)
class PlayAdmin(ReadOnlyMixin, MaskedMixin, ExportMixin, ModelAdmin):
    """Millions of them: ordered and filtered by what has an index, counted up to a limit."""

    list_display = ["address", "number", "played_at", "esp_status"]
    list_filter = [("played_at", DayRangeFilter)]
    list_filter_submit = True
    list_select_related = ["game"]
    list_before_template = "games/admin/capped.html"
    ordering = ["-played_at"]
    sortable_by = ["played_at"]
    paginator = CappedPaginator
    email_path = "game__email"
    lookups = frozenset(["game__id__exact", "played_at_from", "played_at_to"])
    search_help_text = _("An address or a part of it, such as a domain.")
    show_full_result_count = False
    resource_classes = [PlayResource]


class PlayInline(ReadOnlyMixin, TabularInline):
    """The plays of one address on its page, the last first."""

    model = Play
    fields = readonly_fields = ["number", "played_at", "esp_status"]
    ordering = ["-number"]
    per_page = 20
    extra = 0
    verbose_name_plural = _("single plays")


# No title over each row. Versions of the theme for Python before 3.12 have another word for that.
NO_TITLE = ("show_title", False) if hasattr(TabularInline, "show_title") else ("hide_title", True)
setattr(PlayInline, *NO_TITLE)
