"""Tokens in the admin: made, shown once, revoked."""

from datetime import timedelta
from typing import Any

# First, since theirs would come after ours, whose templates come before theirs.
from allauth.account import admin as _accounts  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _mfa  # noqa: F401
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import get_digest_token
from knox.settings import CONSTANTS
from unfold.admin import ModelAdmin

from accounts.models import Token
from games.admin.read_only import ReadOnlyMixin

LIFETIME = timedelta(days=90)


@admin.register(Token)
class TokenAdmin(ModelAdmin):
    """Who may make tokens makes them for the own account, a superuser for any of the staff's."""

    list_display = ["name", "user", "scope", "created", "expiry", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        tokens: QuerySet[Token] = super().get_queryset(request)
        return tokens if request.user.is_superuser else tokens.filter(user=request.user)

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> list[str]:
        if obj:
            return self.list_display
        return ["name", *(["user"] if request.user.is_superuser else []), "scope", "expiry"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "expiry": timezone.now() + LIFETIME}

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:  # noqa: FBT001
        if not request.user.is_superuser:
            obj.user = request.user
        obj.digest, obj.secret = get_digest_token()
        obj.token_key = obj.secret[: CONSTANTS.TOKEN_KEY_LENGTH]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Token, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, now and never again: not by way of a message, which a cookie carries."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new token"),
            "token": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, "accounts/admin/token_made.html", context)


admin.site.unregister([Authenticator, EmailAddress])


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyMixin, ModelAdmin):
    """Who has a second factor; one that is lost is deleted here. Its secret is not shown."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    fields = list_display
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super(ReadOnlyMixin, self).has_delete_permission(request, obj)


@admin.register(EmailAddress)
class ConfirmedAddressAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["user", "email", "verified"]
    list_select_related = ["user"]
    list_filter = ["verified"]
    search_fields = ["user__username", "email"]
