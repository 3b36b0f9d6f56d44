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
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from esp.addresses import ascii_domain, readable_address
from games.admin.contact_story import contact_story
from games.admin.exports import ExportMixin
from games.admin.filters import DayRangeFilter, NumberRangeFilter
from games.admin.imports import KnownAddressesMixin
from games.admin.log import forget_entries, write_log
from games.admin.paginators import TotalsPaginator
from games.admin.plays import PlayInline
from games.contact_state import ContactState
from games.exporting.resources import GameResource
from games.kept_days import PlayHour
from games.managers import GameQuerySet
from games.models import DeliveryPause, Game


@admin.register(Game)
class GameAdmin(KnownAddressesMixin, ExportMixin, ModelAdmin):
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
    list_filter_submit = True
    list_before_template = "games/admin/totals.html"
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    # Stored in lower case: a search that ignores case would take the database three times as long.
    search_fields = ["email__contains"]
    search_help_text = _("An address or a part of it, such as a domain.")
    show_full_result_count = False  # a second count of all rows, for the words "of 1,000,000"
    actions = ["deliver_now", "deliver_again"]
    inlines = [PlayInline]
    resource_classes = [GameResource]
    fieldsets = [
        (None, {"fields": ["email", "play_count", "first_played_at", "last_played_at"]}),
        (_("ESP"), {"fields": ["contact_state", "story", "play_list"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email"]})]
    readonly_fields = [
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
        self._report(request, queryset.deliver_now())

    @admin.action(
        description=_("Deliver again: also contacts that the ESP rejected"), permissions=["deliver"]
    )
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

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        # Plays cannot be deleted, but with their address, when somebody asks to be forgotten.
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking - {_("play")}, protected

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Game]) -> None:
        # Not as Django logs it, with the address that somebody asked to forget.
        forget_entries(Game, queryset)
        text = ngettext("Forgot %(count)d address.", "Forgot %(count)d addresses.", len(queryset))
        write_log(request, Game, text % {"count": len(queryset)})

    def delete_model(self, request: HttpRequest, obj: Game) -> None:
        with transaction.atomic():
            PlayHour.objects.forget()
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Game]) -> None:
        with transaction.atomic():
            PlayHour.objects.forget()
            super().delete_queryset(request, queryset)
