"""The addresses. Counting is the program's business: counts are read-only."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from games.admin.contact_story import contact_story
from games.admin.exports import ExportMixin
from games.admin.filters import DayRangeFilter, NumberRangeFilter
from games.admin.imports import KnownAddressesMixin
from games.admin.log import write_log
from games.admin.masked import MaskedMixin
from games.admin.paginators import TotalsPaginator
from games.admin.person import PersonMixin
from games.admin.plays import PlayInline
from games.contact_state import ContactState
from games.exporting.resources import GameResource
from games.managers import GameQuerySet
from games.masking import may_see_addresses
from games.models import DeliveryPause, Game

RANGES = ("play_count", "first_played_at", "last_played_at")


@admin.register(Game)
class GameAdmin(PersonMixin, MaskedMixin, KnownAddressesMixin, ExportMixin, ModelAdmin):
    """One may be added by hand, before it has played; it is settled when it does."""

    # Ordering by count or last play has no index, on purpose: each play would have to keep it up.
    list_display = [
        "address",
        "play_count",
        "first_played_at",
        "last_played_at",
        "contact_state",
        "next_attempt",
        "contact_error",
    ]
    list_filter = [
        "contact_state",
        ("play_count", NumberRangeFilter),
        ("first_played_at", DayRangeFilter),
        ("last_played_at", DayRangeFilter),
    ]
    lookups = frozenset(
        ["contact_state__exact"] + [f"{name}_{end}" for name in RANGES for end in ("from", "to")]
    )
    list_filter_submit = True
    list_before_template = "games/admin/totals.html"
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    search_help_text = _("An address or a part of it, such as a domain.")
    show_full_result_count = False  # a second count of all rows, for the words "of 1,000,000"
    actions = ["deliver_now", "deliver_again"]
    inlines = [PlayInline]
    resource_classes = [GameResource]
    fieldsets = [
        (None, {"fields": ["address", "play_count", "first_played_at", "last_played_at"]}),
        (_("ESP"), {"fields": ["contact_state", "story", "play_list"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email"]})]
    readonly_fields = [
        "address",
        "masked_address",
        "play_count",
        "first_played_at",
        "last_played_at",
        "contact_state",
        "story",
        "play_list",
    ]

    def has_change_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        # Of the list, by its actions; not of a game: another address would be another person with
        # this one's plays.
        return obj is None and super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # "There already" would answer a guess.
        return super().has_add_permission(request) and may_see_addresses(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        return False  # erasing does more, see games.admin.person

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("games.deliver_game")

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any
    ) -> Paginator:
        # A game's history is paged too, and its entries have no plays to add up.
        paged = TotalsPaginator if queryset.model is Game else Paginator
        return paged(queryset, *args, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Game | None) -> list[Any]:
        return self.inlines if obj else []

    @admin.display(description=_("next attempt"), ordering="contact_due_at")
    def next_attempt(self, game: Game) -> datetime | None:
        return game.contact_due_at if game.contact_state == ContactState.PENDING else None

    @admin.display(description=_("in words"))
    def story(self, game: Game) -> str:
        return contact_story(game)

    @admin.display(description=_("single plays"))
    def play_list(self, game: Game) -> str:
        url = reverse("admin:games_play_changelist")
        link = '<a class="console-link" href="{}?game__id__exact={}">{}</a>'
        return format_html(link, url, game.pk, _("Show all"))

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
        # An action is carried out whole, with its entry in the log, or not at all.
        whole = transaction.atomic() if request.method == "POST" else nullcontext()
        with whole:
            return super().changelist_view(request, extra_context)

    @admin.action(
        description=_("Deliver now: pending contacts need not wait"), permissions=["deliver"]
    )
    def deliver_now(self, request: HttpRequest, queryset: GameQuerySet) -> None:
        self._report(request, queryset.deliver_now(), gettext("Deliver now"))

    @admin.action(
        description=_("Deliver again: also contacts that the ESP rejected"), permissions=["deliver"]
    )
    def deliver_again(self, request: HttpRequest, queryset: GameQuerySet) -> None:
        count = queryset.deliver_now() + queryset.deliver_again()
        self._report(request, count, gettext("Deliver again"))

    def _report(self, request: HttpRequest, count: int, action: str) -> None:
        """Say how many; delivery takes them, so that nobody here waits for the ESP."""
        text = ngettext(
            "%(count)d contact will be delivered within half a minute.",
            "%(count)d contacts will be delivered within half a minute.",
            count,
        )
        self.message_user(request, text % {"count": count})
        write_log(request, Game, f"{action}: {count}.")
