"""Who asks: a program with a token, an app with its session's token, or a browser with a cookie."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox import auth
from knox.crypto import hash_token
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import Scope, Token
from accounts.second_factor import lacks_second_factor


class TokenAuthentication(auth.TokenAuthentication):
    """A program: `Authorization: Token …`, in no other place."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        found: tuple[Any, Token] | None = super().authenticate(request)
        # Here, for all endpoints, so that none can forget it.
        if found and found[1].scope == Scope.READ and request.method not in SAFE_METHODS:
            raise PermissionDenied(_("This token may only read."))
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Token]:
        # Not as knox does, which deletes what has expired, and with it the trace of its last use.
        digest = hash_token(token.decode("utf-8", "replace"))
        found = Token.objects.select_related("user").filter(digest=digest).first()
        if found is None or found.expiry <= timezone.now() or not found.user.is_active:
            raise AuthenticationFailed(_("The token is unknown, revoked or expired."))
        found.note_use()
        return found.user, found


class AppSessionAuthentication(XSessionTokenAuthentication):
    """An app: `X-Session-Token`, as its login at /api/auth/ gave it."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found:
            require_second_factor(*found)
        return found


class BrowserAuthentication(authentication.SessionAuthentication):
    """A browser: the site's cookie, and the CSRF token where something changes."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found:
            require_second_factor(found[0], request.session)
        return found


def require_second_factor(user: Any, session: Any) -> None:
    """Raise PermissionDenied where a member of the staff has yet to show the second factor."""
    if lacks_second_factor(user, session):
        raise PermissionDenied(_("Staff must sign in with a second factor."))
