"""The single plays, to look at only."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import display

from console.exporting.actions import ExportAdmin
from console.lists.change_list import ReadOnlyMixin
from console.lists.filters import DayRangeFilter, PlayerFilter
from console.lists.masked import MaskedMixin
from console.lists.paginators import CappedPaginator
from console.play_fields import field_filters, field_lookups, readable_fields
from games.models import Play
from privacy.masking import may_see_addresses

TITLE = _("in the ESP before this play")
WORDS = {
    "there": _("was there"),
    "new": _("new to the ESP"),
    "absent": _("was not there"),
    "unknown": _("not known"),
}
COLOURS = {"there": "info", "new": "success", "absent": "danger", "unknown": ""}


def answer(play: Play) -> str:
    """Return the key of WORDS for what was known of the contact before the play."""
    if play.esp_status is None:
        return "unknown"
    if play.esp_status:
        return "there"
    return "new" if play.number == 1 else "absent"  # a rejected contact stays absent


class BeforeMixin:
    @admin.display(description=TITLE)
    def before(self, play: Play) -> Any:
        return WORDS[answer(play)]


@admin.register(Play)
class PlayAdmin(BeforeMixin, ReadOnlyMixin, MaskedMixin, ExportAdmin):
    """Millions of them: ordered and filtered by what has an index, counted up to a limit."""

    list_display = ["address", "number", "played_at", "before_label"]
    list_filter = [("played_at", DayRangeFilter), PlayerFilter]
    list_select_related = ["game"]
    list_before_template = "console/capped.html"
    ordering = ["-played_at"]
    sortable_by = ["played_at"]
    paginator = CappedPaginator
    # Not the key: whoever calls the API chooses it, and it may be an address.
    fields = ["address", "number", "played_at", "before"]
    change_form_outer_before_template = "console/play_links.html"
    email_path = "game__email"
    lookups = ["game__id__exact", "played_at_from", "played_at_to"]
    export_name = "plays"
    exported = ngettext_lazy("Exported %(count)d play", "Exported %(count)d plays", "count")

    # Fields may name the person: they are for those who may see addresses.
    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return super().get_list_display(request) + self._details(request)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return self.list_filter + (field_filters() if may_see_addresses(request.user) else [])

    def get_fields(self, request: HttpRequest, obj: Play | None = None) -> list[str]:
        return self.fields + self._details(request)

    @property
    def export_columns(self) -> dict[str, str]:  # type: ignore[override]
        columns = {"email": "game__email", "number": "number", "played": "played_at"}
        columns["esp_status"] = "esp_status"
        # The prefix keeps the names of fields apart.
        return columns | {f"field_{name}": f"fields__{name}" for name in settings.PLAY_FIELDS}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        is_field = lookup in field_lookups() and may_see_addresses(request.user)
        return is_field or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("fields"))
    def details(self, play: Play) -> str:
        return readable_fields(play)

    def _details(self, request: HttpRequest) -> list[str]:
        return ["details"] if settings.PLAY_FIELDS and may_see_addresses(request.user) else []

    @display(description=TITLE, label=COLOURS)  # type: ignore[untyped-decorator]
    def before_label(self, play: Play) -> tuple[str, str]:
        return answer(play), str(self.before(play))


class HistoryInline(ReadOnlyMixin, TabularInline):
    """What happened to a player, some at a time, without a title over each row."""

    per_page = 20
    extra = 0
    hide_title = True
    show_title = False  # the same in versions of the theme for Python 3.12


class PlayInline(BeforeMixin, HistoryInline):
    model = Play
    fields = readonly_fields = ["play", "played_at", "before"]
    ordering = ["-number"]
    verbose_name_plural = _("single plays")

    @admin.display(description=_("number"))
    def play(self, play: Play) -> str:
        url = reverse("admin:games_play_change", args=[play.pk])
        return format_html('<a class="console-link" href="{}">{}</a>', url, play.number)
