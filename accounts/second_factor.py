"""The second factor of staff: demanded, noted when it is set up, removed when it is lost."""

import time
from types import SimpleNamespace
from typing import Any

from allauth.account.authentication import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest


def lacks_second_factor(user: Any, session: Any) -> bool:
    """Return whether this is a staff member whose session lacks the demanded second factor.

    A session that began with the password alone lacks it, even if another sets it up later.
    """
    if not (settings.STAFF_REQUIRES_MFA and user.is_staff):
        return False
    records = get_authentication_records(SimpleNamespace(session=session), user)
    return not any(record["method"] == "mfa" for record in records)


@receiver(authenticator_added)
def note_second_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any
) -> None:
    """Let the session in which a factor is set up count as having shown it: it just has.

    Recovery codes have only been made, not shown.
    """
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    shown = {"method": "mfa", "at": time.time(), "id": authenticator.pk, "type": authenticator.type}
    records = get_authentication_records(request, user)
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [*records, shown]


def remove_second_factor(account: User) -> None:
    """Delete the account's authenticators and recovery codes, and end its sessions."""
    Authenticator.objects.filter(user=account).delete()
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(account.pk):
            session.delete()
