"""The consent texts, what each player agreed to, and the proofs of erased persons."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from console.exporting.actions import ExportAdmin
from console.lists.change_list import ListMixin, ReadOnlyMixin
from console.lists.filters import ChoiceFilter, DayRangeFilter, PlayerFilter, SelectMixin
from console.lists.masked import MaskedMixin
from console.lists.paginators import CappedPaginator
from console.plays import HistoryInline
from games.consent import Consent, ConsentAct, ConsentProof, ConsentText, reload_texts
from privacy.audit import write_log

COLOURS = {
    ConsentAct.GIVEN: "success",
    ConsentAct.DECLINED: "",
    ConsentAct.WITHDRAWN: "warning",
}
# Of exports.
ACT_COLUMNS = {"purpose": "text__purpose", "act": "act", "at": "at", "source": "source"}
TEXT_COLUMNS = {
    "version": "text__version",
    "language": "text__language",
    "text_sha256": "text__digest",
}


@admin.register(ConsentText)
class ConsentTextAdmin(ListMixin, ModelAdmin):
    """Texts are added, retired and used again; never changed or deleted."""

    list_display = ["name", "digest", "made_at", "retired_at"]
    sortable_by = ()
    fields = ["purpose", "language", "version", "text"]
    readonly_fields = ["digest", "made_at", "retired_at", "used"]
    actions = ["retire", "use_again"]

    def get_fields(self, request: HttpRequest, obj: ConsentText | None = None) -> list[str]:
        return [*self.fields, *self.readonly_fields] if obj else self.fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_change_permission

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("games.change_consenttext")

    @admin.display(description=_("text"))
    def name(self, text: ConsentText) -> str:
        return str(text)

    @admin.display(description=_("used"))
    def used(self, text: ConsentText) -> str:
        acts = Consent.objects.filter(text=text).order_by()
        uses = acts.aggregate(n=Count("pk"), first=Min("at"), last=Max("at"))
        if not uses["n"]:
            return gettext("Never.")
        days = {name: timezone.localdate(uses[name]) for name in ("first", "last")}
        words = ngettext(
            "%(n)d time, from %(first)s to %(last)s.",
            "%(n)d times, from %(first)s to %(last)s.",
            uses["n"],
        )
        return words % {"n": uses["n"], **days}

    @admin.action(description=_("Retire: plays may not name it any more"), permissions=["retire"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ConsentText]) -> None:
        self._set_retired(request, queryset, timezone.now(), gettext("Retired consent texts"))

    @admin.action(description=_("Use again"), permissions=["retire"])
    def use_again(self, request: HttpRequest, queryset: QuerySet[ConsentText]) -> None:
        self._set_retired(request, queryset, None, gettext("Use consent texts again"))

    def _set_retired(
        self, request: HttpRequest, texts: QuerySet[ConsentText], at: Any, what: str
    ) -> None:
        texts = texts.filter(retired_at__isnull=at is not None)
        names = ", ".join(map(str, texts))
        if names:
            texts.update(retired_at=at)
            reload_texts()
            write_log(request, ConsentText, f"{what}: {names}.")
        self.message_user(request, f"{what}: {names or '-'}.")


class PurposeFilter(SelectMixin, admin.SimpleListFilter):
    title = _("purpose")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        purposes = ConsentText.objects.order_by("purpose").values_list("purpose", flat=True)
        return [(purpose, purpose) for purpose in purposes.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(text__purpose=self.value()) if self.value() else queryset


class ActsMixin(ReadOnlyMixin):
    """Lists of acts. A million rows: newest first, and counted up to a limit."""

    list_select_related = ["text"]
    list_before_template = "console/capped_acts.html"
    sortable_by = ()
    paginator = CappedPaginator

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("games.view_consent")

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Let data protection, which exports no players, export consents for a regulator."""
        return request.user.has_perms(["games.view_consent", "games.view_address"])

    @display(description=_("act"), label=COLOURS)  # type: ignore[untyped-decorator]
    def act_label(self, row: Any) -> tuple[str, str]:
        return row.act, row.get_act_display()


@admin.register(Consent)
class ConsentAdmin(ActsMixin, MaskedMixin, ExportAdmin):
    list_display = ["address", "text", "act_label", "at", "source", "page"]
    list_select_related = ["game", "text"]
    list_filter = [
        PurposeFilter,
        ("act", ChoiceFilter),
        ("source", ChoiceFilter),
        ("at", DayRangeFilter),
        PlayerFilter,
    ]
    # Not the client's IP address: it is in the export, and in everything about the person.
    fields = ["address", "text", "act", "at", "source", "page", "by"]
    email_path = "game__email"
    lookups = ["purpose", "act__exact", "source__exact", "at_from", "at_to", "game__id__exact"]
    export_name = "consents"
    exported = ngettext_lazy("Exported %(count)d consent", "Exported %(count)d consents", "count")
    export_columns = {"email": "game__email"} | ACT_COLUMNS
    export_columns |= {"page": "page", "ip_address": "client"} | TEXT_COLUMNS


@admin.register(ConsentProof)
class ConsentProofAdmin(ActsMixin, ExportAdmin):
    """Without an address; the keyed hash is only in the export."""

    list_display = ["text", "act_label", "at", "source", "erased_at"]
    list_filter = [PurposeFilter, ("act", ChoiceFilter), ("erased_at", DayRangeFilter)]
    fields = ["text", "act", "at", "source", "erased_at"]
    lookups = ["purpose", "act__exact", "erased_at_from", "erased_at_to"]
    export_name = "consent-proofs"
    exported = ngettext_lazy("Exported %(count)d proof", "Exported %(count)d proofs", "count")
    export_columns = {"person": "digest"} | ACT_COLUMNS | TEXT_COLUMNS | {"erased": "erased_at"}


class ConsentInline(HistoryInline):
    model = Consent
    fields = readonly_fields = ["consent", "act", "at", "source"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        return super().get_queryset(request).select_related("text")

    @admin.display(description=_("text"))
    def consent(self, consent: Consent) -> str:
        url = reverse("admin:games_consent_change", args=[consent.pk])
        return format_html('<a class="console-link" href="{}">{}</a>', url, consent.text)
