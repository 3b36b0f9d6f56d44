"""Signing in: whose account a name is, and in which browsers the person has signed in before."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Case, Q, When
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.crypto import get_random_string

MAX_AGE = 90 * 24 * 60 * 60  # seconds that a browser stays known


def mail_enabled(_request: HttpRequest) -> dict[str, bool]:
    """Tell each template whether mails are sent: without them nobody can get a new password."""
    return {"MAIL_ENABLED": settings.MAIL_ENABLED}


def find_account(name: str) -> User | None:
    """Return the account of a username or an address.

    The username goes first, then a confirmed address, then staff. So nobody can keep a member of
    staff out by signing up with the same address.
    """
    confirmed = EmailAddress.objects.filter(email=name.lower(), verified=True).values("user")
    accounts = User.objects.alias(login=Lower("username"), address=Lower("email"))
    # The database may lower only ASCII letters, so compare the name as it was typed too.
    is_login = Q(login=name.lower()) | Q(username=name)
    named = accounts.filter(is_login | Q(address=name.lower()) | Q(pk__in=confirmed))
    rank = Case(When(is_login, then=0), When(pk__in=confirmed, then=1), default=2)
    return named.order_by(rank, "-is_staff", "pk").first()


def remember_browser(response: Any, account: User) -> None:
    response.set_signed_cookie(
        _cookie_name(account),
        get_random_string(22),
        salt=_salt(account),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_browser(request: HttpRequest, account: User) -> str | None:
    """Return the random name of a browser in which the account has signed in, else None."""
    return request.get_signed_cookie(
        _cookie_name(account), default=None, salt=_salt(account), max_age=MAX_AGE
    )


def _cookie_name(account: User) -> str:
    return f"known-browser-{account.pk}"


def _salt(account: User) -> str:
    # With the password's hash in the salt, a new password makes the cookies invalid.
    return f"accounts.known_browsers:{account.pk}:{account.password}"
