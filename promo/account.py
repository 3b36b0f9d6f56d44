"""A player's account page, and the pages of the links that erase and that withdraw consents."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView

from games.consent import ConsentSource
from games.models import Game
from privacy.confirmed_wish import SENT, address_to_erase, send_link
from privacy.erasing import erase_person
from privacy.own_data import confirmed_address
from privacy.withdrawing import consents_in_force, player_of, withdraw, withdrawal_key


class AccountPage(LoginRequiredMixin, TemplateView):
    """Shows a signed-in person their data, and lets them ask for its erasure."""

    template_name = "promo/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = confirmed_address(self.request.user)
        game = Game.objects.filter(email=address).first() if address else None
        consents = consents_in_force(game) if game else []
        key = withdrawal_key(game) if game else ""
        return super().get_context_data(
            address=address, game=game, consents=consents, key=key, **kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail the link that leads to ErasurePage."""
        address = confirmed_address(request.user)
        if address is None:
            raise PermissionDenied
        sent = send_link(request, address)
        messages.info(request, SENT if sent else _("Too many requests. Try again in an hour."))
        return redirect("account")


class ErasurePage(TemplateView):
    """Erases a person's data by POST only, since mail scanners open links."""

    template_name = "promo/erasure.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        address = address_to_erase(kwargs["key"])
        if address is None:
            raise Http404
        self.address = address
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        erase_person(self.address, reason="asked for by the person")
        messages.success(request, _("Everything about you is erased."))
        return redirect("play")


@method_decorator(csrf_exempt, name="dispatch")  # who has the link may withdraw; no cookie needed
class ConsentPage(TemplateView):
    """Withdraws consents by POST only: the one that is named, or all, as mail programs ask."""

    template_name = "promo/consent.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        player = player_of(kwargs["key"])
        if player is None:
            raise Http404
        self.player = player
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(consents=consents_in_force(self.player), **kwargs)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        in_force = [consent.text.purpose for consent in consents_in_force(self.player)]
        asked = request.POST.get("purpose")
        for purpose in [asked] if asked else in_force:
            players = Game.objects.filter(pk=self.player.pk)
            withdraw(players, purpose, source=ConsentSource.PERSON)
        return redirect("consent", key)
