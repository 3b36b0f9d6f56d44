"""The admin's door: its own login page, and the second factor where staff must have it."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from accounts.second_factor import lacks_second_factor
from console.overview.tables import days_table, hours_table

TARGET = "console_target"  # in the session: the page that staff were going to


class Console(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        allowed = super().has_permission(request)
        return allowed and not lacks_second_factor(request.user, request.session)

    def get_urls(self) -> list[Any]:
        return [
            path("overview/days.csv", self.admin_view(days_table), name="overview_days"),
            path("overview/hours.csv", self.admin_view(hours_table), name="overview_hours"),
            *super().get_urls(),
        ]

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the overview: how the code is divided says nothing to staff."""
        return redirect("admin:index")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Let staff sign in, and send them on: to what they must show before, then to `next`."""
        target = get_next_redirect_url(request) or request.session.get(
            TARGET, reverse("admin:index")
        )
        if not request.user.is_authenticated:
            context = self.each_context(request) | {"title": _("Sign in"), "target": target}
            view = LoginView.as_view(
                template_name="console/sign_in.html", success_url=target, extra_context=context
            )
            return view(request)
        if not request.user.is_staff:
            raise PermissionDenied
        if self.has_permission(request):
            request.session.pop(TARGET, None)
            return redirect(target)
        request.session[TARGET] = target  # the page of recovery codes leads back here
        step = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp"
        return redirect(f"{reverse(step)}?{urlencode({REDIRECT_FIELD_NAME: target})}")
