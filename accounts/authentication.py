"""Authentication for the API: a program's token, an app's session token, a browser's cookie."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import Scope, Token, digest_of
from accounts.second_factor import lacks_second_factor


class TokenAuthentication(authentication.TokenAuthentication):
    """A program: `Authorization: Token …`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        # Checked here, for all endpoints, so that no view can forget it.
        if found and found[1].scope == Scope.READ and request.method not in SAFE_METHODS:
            raise PermissionDenied(_("This token may only read."))
        return found

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        token = Token.objects.select_related("user").filter(digest=digest_of(key)).first()
        if token is None or token.expiry <= timezone.now() or not token.user.is_active:
            raise AuthenticationFailed(_("The token is unknown, revoked or expired."))
        token.touch()
        return token.user, token


class SecondFactorMixin(authentication.BaseAuthentication):
    """Refuses a member of staff whose session has not shown the second factor."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found:
            user, session = found
            if lacks_second_factor(user, request.session if session is None else session):
                raise PermissionDenied(_("Staff must sign in with a second factor."))
        return found


class AppSessionAuthentication(SecondFactorMixin, XSessionTokenAuthentication):
    """An app: `X-Session-Token`, from signing in at /api/auth/."""


class BrowserAuthentication(SecondFactorMixin, authentication.SessionAuthentication):
    """A browser: the site's cookie, and a CSRF token for changes."""
