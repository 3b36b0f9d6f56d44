"""Everything about one person, and forgetting them: for the data-protection officer."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminTextInputWidget

from console.contact_description import describe_contact
from games.consent import ConsentSource
from games.models import Game
from privacy.audit import write_log
from privacy.erasing import checked_reason, erase_person, preview
from privacy.masking import mask_address
from privacy.own_data import personal_data
from privacy.withdrawing import consents_in_force, withdraw, withdrawal_key
from serving.addresses import normalise_address, readable_address


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
    def get_urls(self) -> list[Any]:
        def page(route: str, view: Any, name: str, *more_rights: str) -> URLPattern:
            may = permission_required(["games.view_person", *more_rights], raise_exception=True)
            hidden = sensitive_post_parameters()
            wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
            return path(f"person/{route}", wrap(hidden(may(view))), name=f"person_{name}")

        return [
            page("", self.person_find, "find"),
            page("erase/", self.person_erase, "erase", "games.erase_game"),
            page("<int:pk>/", self.person_page, "page"),
            page("<int:pk>/json/", self.person_json, "json"),
            page("<int:pk>/consents/", self.person_consents, "consents", "games.withdraw_consent"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def person_find(self, request: HttpRequest) -> HttpResponse:
        form = AddressForm(request.POST or None)
        found: dict[str, Any] = {}
        if form.is_valid():
            email = form.cleaned_data["address"]
            game = Game.objects.filter(email=email).first()
            if game:
                return redirect("admin:person_page", game.pk)
            write_log(request, Game, _("Looked for an address that is not here."))
            found = personal_data(email)
        return self._page(request, "find", form=form, person=found)

    def person_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        game = get_object_or_404(Game, pk=pk)
        write_log(request, Game, _("Opened everything about this person."), game)
        person, story = personal_data(game.email), describe_contact(game)
        return self._page(request, "page", person=person, story=story)

    def person_json(self, request: HttpRequest, pk: int) -> HttpResponse:
        game = get_object_or_404(Game, pk=pk)
        write_log(request, Game, _("Downloaded everything about this person."), game)
        return JsonResponse(
            personal_data(game.email),
            json_dumps_params={"ensure_ascii": False, "indent": 2},
            headers={"Content-Disposition": f'attachment; filename="person-{pk}.json"'},
        )

    def person_consents(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the consents in force, and withdraw the one whose purpose is posted."""
        players = Game.objects.filter(pk=pk)
        game = get_object_or_404(players)
        if request.method == "POST":
            purpose = request.POST.get("purpose", "")
            with transaction.atomic():
                done = withdraw(players, purpose, source=ConsentSource.STAFF, by=request.user)
                if done:
                    text = _("Withdrew the consent “%(purpose)s”.") % {"purpose": purpose}
                    write_log(request, Game, text, game)
            messages.success(request, text if done else _("No such consent is in force."))
            return redirect("admin:person_consents", pk)
        link = request.build_absolute_uri(reverse("consent", args=[withdrawal_key(game)]))
        title = gettext_lazy("Consents of a person")
        consents = consents_in_force(game)
        return self._page(request, "consents", title=title, game=game, consents=consents, link=link)

    def person_erase(self, request: HttpRequest) -> HttpResponse:
        """Show what would go; carry it out when the reason comes too."""
        asked = AddressForm(request.POST or None)
        if not asked.is_valid():
            return redirect("admin:person_find")
        email = asked.cleaned_data["address"]
        confirmed = request.POST if "reason" in request.POST else None
        form = ErasureForm(confirmed, initial={"address": email})
        if form.is_valid():
            with transaction.atomic():
                erasure = erase_person(email, reason=form.cleaned_data["reason"], by=request.user)
                write_log(request, type(erasure), _("Erased a person."), erasure)
            messages.success(request, _("Erased: %(address)s.") % {"address": mask_address(email)})
            return redirect("admin:games_erasure_changelist")
        address = readable_address(email)
        return self._page(request, "erase", form=form, address=address, preview=preview(email))

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        site = self.admin_site.each_context(request)  # type: ignore[attr-defined]
        title = _("Everything about one person")
        page = site | {"title": title, "opts": self.opts} | context  # type: ignore[attr-defined]
        return TemplateResponse(request, f"console/person_{name}.html", page)
