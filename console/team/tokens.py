"""Tokens in the admin: made, shown once, revoked. Second factors: seen, removed."""

from collections.abc import Iterable
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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.models import Token
from accounts.second_factor import remove_second_factor
from console.lists.change_list import ListMixin, ReadOnlyMixin, column
from console.team.second_factor import SecondFactor


@admin.register(Token)
class TokenAdmin(ListMixin, ModelAdmin):
    """Who may make tokens makes them for the own account, a superuser for any of the staff's."""

    list_display = ["name", "user", "scope", "created", "expiry", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        tokens: QuerySet[Token] = super().get_queryset(request)
        return tokens if request.user.is_superuser else tokens.filter(user=request.user.pk)

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> list[str]:
        if obj:
            return self.list_display
        return ["name", *(["user"] if request.user.is_superuser else []), "scope", "expiry"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "expiry": timezone.now() + timedelta(days=90)}

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:  # noqa: FBT001
        if not request.user.is_superuser:
            obj.user_id = int(request.user.pk or 0)  # staff are signed in
        obj.make_secret()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Token, _url: Any = None) -> HttpResponse:
        """Show the token, now and never again: not by way of a message, which a cookie carries."""
        context = self.admin_site.each_context(request)
        context |= {"title": _("The new token"), "token": obj, "opts": self.opts}
        return TemplateResponse(request, "console/token_made.html", context)


admin.site.unregister([Authenticator, EmailAddress])


@admin.register(SecondFactor)
class SecondFactorAdmin(ReadOnlyMixin, ModelAdmin):
    """Who has a second factor; one that is lost is deleted here. Its secret is not shown."""

    list_display = fields = ["account", "__str__", "made", "last_use"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    account = column("user", _("account"))
    made = column("created_at", _("made"))
    last_use = column("last_used_at", _("last use"))

    def has_view_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        """Return whether this is a superuser: nobody may weaken a higher role's sign-in."""
        return bool(request.user.is_superuser)

    has_module_permission = has_delete_permission = has_view_permission

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        self.delete_queryset(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Authenticator]) -> None:
        """Remove all that each person has: recovery codes left alone would still be asked for."""
        for user in {factor.user for factor in queryset}:
            remove_second_factor(user)
            self.log_change(request, user, gettext("Removed the second factor."))


@admin.register(EmailAddress)
class ConfirmedAddressAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["user", "email", "verified"]
    list_select_related = ["user"]
    list_filter = ["verified"]
    search_fields = ["user__username", "email"]
