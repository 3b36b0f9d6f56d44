"""Everything about one person, and forgetting them: for the data-protection officer."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminTextInputWidget

from esp.addresses import normalise_address, readable_address
from games.admin.contact_story import contact_story
from games.admin.log import write_log
from games.forgetting import checked_reason, forget, preview
from games.masking import mask_address
from games.models import Game
from games.person import about


class AddressForm(forms.Form):
    """The address is typed into a form and sent in a body: a URL would stand in logs."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def clean_address(self) -> str:
        return normalise_address(self.cleaned_data["address"])


class ErasureForm(AddressForm):
    """What is erased, and why. The reason is kept; the address is not."""

    address = forms.CharField(max_length=320, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget
    )

    def clean_reason(self) -> str:
        return checked_reason(self.cleaned_data["reason"])


class PersonMixin:
    """The pages, beside those of the games."""

    def get_urls(self) -> list[Any]:
        pages = (
            ("person/", self.person_find, "find"),
            ("person/erase/", self.person_erase, "erase"),
            ("person/<int:pk>/", self.person_page, "page"),
            ("person/<int:pk>/json/", self.person_json, "json"),
        )
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        urls = [path(route, wrap(view), name=f"person_{name}") for route, view, name in pages]
        return urls + super().get_urls()  # type: ignore[misc]

    @method_decorator(sensitive_post_parameters())
    def person_find(self, request: HttpRequest) -> HttpResponse:
        _require(request, "games.view_person")
        form = AddressForm(request.POST or None)
        found: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            email = form.cleaned_data["address"]
            game = Game.objects.filter(email=email).first()
            if game:
                return redirect("admin:person_page", game.pk)
            write_log(request, Game, _("Looked for an address that is not here."))
            found = about(email)
        return self._person(request, "find", form=form, person=found)

    def person_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        _require(request, "games.view_person")
        game = get_object_or_404(Game, pk=pk)
        write_log(request, Game, _("Opened everything about this person."), game)
        return self._person(request, "page", person=about(game.email), story=contact_story(game))

    def person_json(self, request: HttpRequest, pk: int) -> HttpResponse:
        _require(request, "games.view_person")
        game = get_object_or_404(Game, pk=pk)
        write_log(request, Game, _("Downloaded everything about this person."), game)
        name = f'attachment; filename="person-{pk}.json"'
        return JsonResponse(
            about(game.email),
            json_dumps_params={"ensure_ascii": False, "indent": 2},
            headers={"Content-Disposition": name},
        )

    @method_decorator(sensitive_post_parameters())
    def person_erase(self, request: HttpRequest) -> HttpResponse:
        """Show what would go; carry it out when the reason comes too."""
        _require(request, "games.view_person", "games.erase_game")
        asked = AddressForm(request.POST or None)
        if not asked.is_valid():
            return redirect("admin:person_find")
        email = asked.cleaned_data["address"]
        confirmed = "reason" in request.POST
        form = ErasureForm(request.POST if confirmed else None, initial={"address": email})
        if confirmed and form.is_valid():
            return self._forget(request, email, form.cleaned_data["reason"])
        return self._person(
            request,
            "erase",
            form=form,
            address=readable_address(email),
            preview=preview(email),
        )

    def _forget(self, request: HttpRequest, email: str, reason: str) -> HttpResponse:
        with transaction.atomic():
            erasure = forget(email, reason=reason, by=request.user)
            write_log(request, type(erasure), _("Erased a person."), erasure)
        messages.success(request, _("Erased: %(address)s.") % {"address": mask_address(email)})
        return redirect("admin:games_erasure_changelist")

    def _person(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        site = self.admin_site.each_context(request)  # type: ignore[attr-defined]
        context |= {"title": _("Everything about one person"), "opts": self.opts}  # type: ignore[attr-defined]
        return TemplateResponse(request, f"games/admin/person_{name}.html", site | context)


def _require(request: HttpRequest, *rights: str) -> None:
    if not request.user.has_perms(rights):
        raise PermissionDenied
