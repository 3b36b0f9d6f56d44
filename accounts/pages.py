"""The two pages that django-allauth has not: one's account, and the confirmation of an erasure."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.me.erasure import SENT, asked_for, send_link
from accounts.me.person import confirmed_address, find_game
from games.forgetting import forget


class AccountPage(LoginRequiredMixin, TemplateView):
    """What the campaign knows of whoever is signed in, and what they can do about it."""

    template_name = "accounts/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = confirmed_address(self.request.user)
        game = find_game(address) if address else None
        return super().get_context_data(address=address, game=game, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail the link that confirms an erasure."""
        address = confirmed_address(request.user)
        if address is None:
            raise PermissionDenied
        sent = send_link(request, cast(User, request.user), address)
        messages.info(request, SENT if sent else _("Too many requests. Try again in an hour."))
        return redirect("account")


class ErasurePage(TemplateView):
    """Where the mailed link leads. Opening it changes nothing: mail scanners open links too."""

    template_name = "accounts/erasure.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        address = asked_for(kwargs["key"])
        if address is None:
            raise Http404
        self.address = address
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        forget(self.address, reason="asked for by the person")
        messages.success(request, _("Everything about you is erased."))
        return redirect("play")
