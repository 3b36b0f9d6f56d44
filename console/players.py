"""The players. Counting is the program's business: counts are read-only."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from console.consents import ConsentInline
from console.contact_description import describe_contact
from console.exporting.actions import ExportAdmin
from console.imports.upload import KnownAddressesMixin
from console.lists.filters import ChoiceFilter, DayRangeFilter, NumberRangeFilter, ReasonFilter
from console.lists.masked import MaskedMixin
from console.lists.paginators import MANY_ROWS, TotalsPaginator
from console.person import PersonMixin
from console.plays import PlayInline
from games.contact_queue import deliver_again, deliver_now, give_up
from games.contact_state import ContactState
from games.delivery_pause import DeliveryPause
from games.models import Game
from privacy.audit import write_log
from privacy.erasing import refuse_erased
from privacy.masking import may_see_addresses
from serving.addresses import normalise_address

COUNTS = ("play_count", "first_played_at", "last_played_at")
COLOURS = {
    ContactState.PENDING: "warning",
    ContactState.FOUND: "info",
    ContactState.ADDED: "success",
    ContactState.REJECTED: "danger",
    ContactState.WITHHELD: "",
}


class PlayerForm(forms.ModelForm):
    """The form that adds a player by hand."""

    def clean_email(self) -> str:
        email = normalise_address(self.cleaned_data["email"])
        refuse_erased(email)
        return email


@admin.register(Game)
class GameAdmin(PersonMixin, MaskedMixin, KnownAddressesMixin, ExportAdmin):
    """One may be added by hand, before it has played; it is settled when it does."""

    # Ordering by count or last play has no index, on purpose: each play would have to keep it up.
    list_display = ["address", *COUNTS, "contact", "next_attempt", "contact_error"]
    list_filter = [
        ("contact_state", ChoiceFilter),
        ReasonFilter,
        ("play_count", NumberRangeFilter),
        ("first_played_at", DayRangeFilter),
        ("last_played_at", DayRangeFilter),
    ]
    lookups = ["contact_state__exact", "reason"]
    lookups += [f"{name}_{end}" for name in COUNTS for end in ("from", "to")]
    paginator = TotalsPaginator
    list_before_template = "console/totals.html"
    form = PlayerForm
    change_form_outer_before_template = "console/player_actions.html"
    actions = ["deliver_now", "deliver_again", "give_up"]
    inlines = [PlayInline, ConsentInline]
    export_name = "players"
    exported = ngettext_lazy("Exported %(count)d player", "Exported %(count)d players", "count")
    export_columns = {
        "email": "email",
        "plays": "play_count",
        "first_play": "first_played_at",
        "last_play": "last_played_at",
        "contact": "contact_state",
        "last_error": "contact_error",
    }
    fieldsets = [
        (None, {"fields": ["address", *COUNTS]}),
        (_("ESP"), {"fields": ["contact_state", "story"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email"]})]

    def has_change_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        # Of the list, by its actions; not of a game: another address would be another person with
        # this one's plays.
        return obj is None and super().has_change_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # "There already" would answer a guess.
        return super().has_add_permission(request) and may_see_addresses(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        return False  # erasing does more, see console.person

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("games.deliver_game")

    def get_paginator(self, request: HttpRequest, *args: Any, **options: Any) -> Paginator:
        paginator: TotalsPaginator = super().get_paginator(request, *args, **options)
        # Most columns have no index: the database sorts all rows up to the page.
        paginator.reach = MANY_ROWS if ORDER_VAR in request.GET else None
        return paginator

    def get_inlines(self, request: HttpRequest, obj: Game | None) -> list[Any]:
        return self.inlines if obj else []

    def page_title(self, request: HttpRequest, row: Game | None = None) -> str:
        if row is None:
            return super().page_title(request)
        return self.address(row) if may_see_addresses(request.user) else self.masked_address(row)

    @display(description=_("contact"), ordering="contact_state", label=COLOURS)  # type: ignore[untyped-decorator]
    def contact(self, game: Game) -> tuple[str, str]:
        return game.contact_state, game.get_contact_state_display()

    @admin.display(description=_("next attempt"), ordering="contact_due_at")
    def next_attempt(self, game: Game) -> datetime | None:
        return game.contact_due_at if game.contact_state == ContactState.PENDING else None

    @admin.display(description=_("in words"))
    def story(self, game: Game) -> str:
        return describe_contact(game)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "pause": DeliveryPause.objects.first()}
        return super().changelist_view(request, context)

    @admin.action(description=_("Deliver pending contacts to the ESP now"), permissions=["deliver"])
    @transaction.atomic  # with its entry in the log
    def deliver_now(self, request: HttpRequest, queryset: QuerySet[Game]) -> None:
        self._report(request, deliver_now(queryset), gettext("Deliver now"))

    @admin.action(
        description=_("Deliver again, also contacts that the ESP rejected"), permissions=["deliver"]
    )
    @transaction.atomic
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[Game]) -> None:
        rejected = queryset.filter(contact_state=ContactState.REJECTED)
        count = deliver_now(queryset) + deliver_again(rejected)
        self._report(request, count, gettext("Deliver again"))

    @admin.action(description=_("Give up pending contacts: reject them"), permissions=["deliver"])
    @transaction.atomic
    def give_up(self, request: HttpRequest, queryset: QuerySet[Game]) -> None:
        count = give_up(queryset)
        text = ngettext("%(n)d contact was given up.", "%(n)d contacts were given up.", count)
        self.message_user(request, text % {"n": count})
        write_log(request, Game, f"{gettext('Give up')}: {count}.")

    def _report(self, request: HttpRequest, count: int, action: str) -> None:
        """Say how many; delivery takes them, so that nobody here waits for the ESP."""
        text = ngettext(
            "%(count)d contact will be delivered within half a minute.",
            "%(count)d contacts will be delivered within half a minute.",
            count,
        )
        self.message_user(request, text % {"count": count})
        write_log(request, Game, f"{action}: {count}.")
