"""Where staff look at the plays. Counting is the program's business: counts are read-only."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from esp.addresses import ascii_domain, readable_address
from games.contact_state import ContactState
from games.managers import GameQuerySet
from games.models import DeliveryPause, Game, Play


@admin.register(Game)
class GameAdmin(admin.ModelAdmin):
    """The addresses. One may be added by hand, before it has played; it is settled when it does."""

    list_display = [
        "address",
        "play_count",
        "first_played_at",
        "last_played_at",
        "contact_state",
        "next_attempt",
        "contact_error",
    ]
    list_filter = ["contact_state", "first_played_at"]
    search_fields = ["email"]
    search_help_text = _("An address or a part of it, such as a domain.")
    date_hierarchy = "first_played_at"
    show_full_result_count = False  # a second count of all rows, for the words "of 1,000,000"
    actions = ["deliver_now", "deliver_again"]
    readonly_fields = [
        "play_count",
        "first_played_at",
        "last_played_at",
        "play_list",
        "contact_state",
        "contact_attempts",
        "contact_due_at",
        "contact_error",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Game | None = None) -> list[str]:
        # Another address would be another person with this one's plays.
        return [*self.readonly_fields, "email"] if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Game], search_term: str
    ) -> tuple[QuerySet[Game], bool]:
        return super().get_search_results(request, queryset, ascii_domain(search_term))

    @admin.display(description=_("address"), ordering="email")
    def address(self, game: Game) -> str:
        return readable_address(game.email)

    @admin.display(description=_("next attempt"), ordering="contact_due_at")
    def next_attempt(self, game: Game) -> datetime | None:
        return game.contact_due_at if game.contact_state == ContactState.PENDING else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pause = DeliveryPause.objects.first() if request.method == "GET" else None
        if pause:
            text = _(
                "Delivery to the ESP is paused since %(since)s. An operator must act: %(reason)s"
            )
            since = date_format(localtime(pause.since), "SHORT_DATETIME_FORMAT")
            messages.error(request, text % {"since": since, "reason": pause.reason})
        return super().changelist_view(request, extra_context)

    @admin.action(description=_("Deliver now: pending contacts need not wait"))
    def deliver_now(self, request: HttpRequest, queryset: GameQuerySet) -> None:
        self._report(request, queryset.deliver_now())

    @admin.action(description=_("Deliver again: also contacts that the ESP rejected"))
    def deliver_again(self, request: HttpRequest, queryset: GameQuerySet) -> None:
        self._report(request, queryset.deliver_now() + queryset.deliver_again())

    def _report(self, request: HttpRequest, count: int) -> None:
        """Say how many; delivery takes them, so that nobody here waits for the ESP."""
        text = ngettext(
            "%(count)d contact will be delivered within half a minute.",
            "%(count)d contacts will be delivered within half a minute.",
            count,
        )
        self.message_user(request, text % {"count": count})

    @admin.display(description=_("single plays"))
    def play_list(self, game: Game) -> str:
        url = reverse("admin:games_play_changelist")
        return format_html('<a href="{}?game__id__exact={}">{}</a>', url, game.pk, _("Show all"))


@admin.register(Play)
class PlayAdmin(admin.ModelAdmin):
    """The single plays, to look at only."""

    list_display = ["address", "number", "played_at", "esp_status"]
    list_filter = ["esp_status", "played_at"]
    list_select_related = ["game"]
    search_fields = ["game__email"]
    date_hierarchy = "played_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "game__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("address"), ordering="game__email")
    def address(self, play: Play) -> str:
        return readable_address(play.game.email)
