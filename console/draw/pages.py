"""Draws: the list, the preparation, the draw, and the export from which anybody repeats it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from console.draw.drawing import ListChanged, carry_out, prepare
from console.draw.models import Draw
from console.exporting.actions import ExportAdmin, Extent
from console.lists.change_list import ReadOnlyMixin
from privacy.audit import write_log
from privacy.masking import mask_address, may_see_addresses
from serving.addresses import normalise_address, readable_address

WHAT = ["winners", "reserves", "weighted", "public_source"]
FILTERS = ["first_day", "last_day", "least_plays", "excluded_domains", "contact_state"]
HINT = gettext_lazy("This fixes the candidates and a secret seed. You draw on the next page.")


class PrepareForm(forms.ModelForm):
    """When it is valid, candidates and seed are fixed."""

    def clean_excluded_domains(self) -> str:
        words = self.cleaned_data["excluded_domains"].replace(",", " ").replace(";", " ").split()
        return " ".join(dict.fromkeys(_domain(word) for word in words))

    def full_clean(self) -> None:
        super().full_clean()  # with the model's own checks
        if self.is_bound and not self.errors:
            draw: Draw = self.instance
            prepare(draw)
            if draw.candidates < draw.winners:
                text = _("Candidates: %(number)d. These are fewer than the winners.")
                self.add_error(None, text % {"number": draw.candidates})


def _domain(word: str) -> str:
    try:
        return normalise_address(f"a@{word.removeprefix('@')}").rpartition("@")[2]
    except ValidationError as error:
        text = _("“%(word)s” is not a domain such as example.com.")
        raise ValidationError(text % {"word": word}) from error


class PublicValueForm(forms.Form):
    public_value = forms.CharField(
        label=gettext_lazy("The public value, exactly as published"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def clean_public_value(self) -> str:
        return " ".join(self.cleaned_data["public_value"].split())  # as a page shows it


@admin.register(Draw)
class DrawAdmin(ReadOnlyMixin, ExportAdmin):
    form = PrepareForm
    fieldsets = [
        (None, {"fields": WHAT, "description": HINT}),
        (gettext_lazy("Candidates"), {"fields": FILTERS}),
    ]
    list_display = ["prepared_at", "prepared_by", "filters_in_words", "candidates", "winners"]
    list_display += ["drawn_at"]
    list_select_related = ["prepared_by"]
    change_list_template = None  # each draw is exported from its own page
    export_columns = {"email": "email", "tickets": "tickets", "place": "place"}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("games.view_game")

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The number of candidates without a domain would answer a guess.
        may_draw = request.user.has_perm("console.draw_winners")
        return may_draw and may_see_addresses(request.user)

    def add_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, *args, **options | {"extra_context": one_button})

    def save_model(self, request: HttpRequest, obj: Draw, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.prepared_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def construct_change_message(self, request: HttpRequest, form: Any, *_args: Any) -> str:
        text = _("Prepared. Winners: %(winners)d; reserves: %(reserves)d; %(filters)s.")
        return text % (form.cleaned_data | {"filters": form.instance.filters_in_words()})

    def response_add(self, request: HttpRequest, obj: Draw, _url: Any = None) -> HttpResponse:
        return redirect("admin:console_draw_change", obj.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any
    ) -> HttpResponse:
        is_post = request.method == "POST"
        may = self.has_add_permission if is_post else self.has_view_permission
        if not may(request):
            raise PermissionDenied
        draw = self._draw(request, object_id)
        form = PublicValueForm(request.POST if is_post else None)
        form.fields["public_value"].required = bool(draw.public_source)
        if form.is_valid():
            # A value that nobody announced could be chosen.
            self._carry_out(request, draw, draw.public_source and form.cleaned_data["public_value"])
            return redirect("admin:console_draw_change", draw.pk)
        shown = readable_address if may_see_addresses(request.user) else mask_address
        places = [
            (row.place, row.game_id, row.game and shown(row.game.email))
            for row in draw.places.select_related("game")
        ]
        context = self.admin_site.each_context(request)
        context |= {"title": str(draw), "opts": self.opts, "draw": draw}
        context |= {"form": form, "places": places}
        return TemplateResponse(request, "console/draw.html", context)

    def _draw(self, request: HttpRequest, pk: str) -> Draw:
        draw = self.get_object(request, pk)
        if draw is None:
            raise Http404
        return draw

    def _carry_out(self, request: HttpRequest, draw: Draw, public_value: str) -> None:
        try:
            with transaction.atomic():  # with its entry in the log
                places = carry_out(draw, public_value=public_value, by=request.user)
                if places:
                    text = _("Drawn. Places: %(places)d.") % {"places": places}
                    write_log(request, Draw, text, draw)
                else:
                    messages.warning(request, _("Already drawn."))
        except ListChanged:
            text = _("Not drawn: the candidates have changed since. Prepare a new draw.")
            messages.error(request, text)
            write_log(request, Draw, text, draw)

    def get_extent(self, request: HttpRequest) -> Extent:
        draw = self._draw(request, request.GET.get("draw", ""))
        return Extent(
            draw.candidates_with_places(),
            draw.candidates,  # counting again would take the database as long as the export
            is_filtered=True,
            name=f"draw-{draw.pk}",
            words=f" {draw}.",
        )
