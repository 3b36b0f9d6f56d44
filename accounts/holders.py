"""The accounts that hold an address: what is kept of a person besides the game."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from esp.addresses import readable_address


def holders(email: str) -> QuerySet[User]:
    """Return the accounts that hold a normalised address, confirmed or not."""
    # A superuser may have typed it in any form.
    typed = Q(email__iexact=email) | Q(email__iexact=readable_address(email))
    return User.objects.filter(typed | Q(pk__in=EmailAddress.objects.filter(typed).values("user")))


def players(accounts: QuerySet[User]) -> QuerySet[User]:
    """Narrow to those that go with their person: not staff, nor named by the log or an erasure."""
    return accounts.filter(is_staff=False, is_superuser=False, logentry=None, erasure=None)


def about_accounts(email: str) -> Iterator[dict[str, Any]]:
    """Yield what is kept of each account, but for hashes and secrets."""
    for user in holders(email).order_by("pk"):
        yield {
            "staff": user.is_staff,
            "confirmed": EmailAddress.objects.filter(user=user, verified=True).exists(),
            "date_joined": user.date_joined,
            "last_login": user.last_login,
            "second_factor": is_mfa_enabled(user),
        }


def addresses() -> Iterator[tuple[str, datetime]]:
    """Yield the address of each account, and since when there is the account."""
    rows = EmailAddress.objects.order_by().values_list("email", "user__date_joined")
    yield from rows.iterator()


def remove_accounts(email: str) -> None:
    """Delete the accounts of whoever has the address; those of staff are a superuser's matter."""
    players(holders(email)).delete()
