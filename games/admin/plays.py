"""The single plays, to look at only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from esp.addresses import ascii_domain, readable_address
from games.admin.exports import ExportMixin
from games.admin.filters import DayRangeFilter
from games.admin.paginators import CappedPaginator
from games.admin.read_only import ReadOnlyMixin
from games.exporting.resources import PlayResource
from games.models import Play


@admin.register(Play)
class PlayAdmin(ReadOnlyMixin, ExportMixin, ModelAdmin):
    """Millions of them: ordered and filtered by what has an index, counted up to a limit."""

    list_display = ["address", "number", "played_at", "esp_status"]
    list_filter = [("played_at", DayRangeFilter)]
    list_filter_submit = True
    list_select_related = ["game"]
    list_before_template = "games/admin/capped.html"
    ordering = ["-played_at"]
    sortable_by = ["played_at"]
    paginator = CappedPaginator
    search_fields = ["game__email__contains"]
    search_help_text = _("An address or a part of it, such as a domain.")
    show_full_result_count = False
    resource_classes = [PlayResource]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Play], search_term: str
    ) -> tuple[QuerySet[Play], bool]:
        return super().get_search_results(request, queryset, ascii_domain(search_term))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "game__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("address"))
    def address(self, play: Play) -> str:
        return readable_address(play.game.email)


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
