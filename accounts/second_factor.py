"""Whether who is signed in has shown a second factor, where staff must."""

from types import SimpleNamespace
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings


def lacks_second_factor(user: Any, session: Any) -> bool:
    """Return whether this is a staff member who must show a second factor and has not.

    It is the session that shows it: one that began with the password alone, before the factor was
    set up, stays without.
    """
    if not (settings.STAFF_REQUIRES_MFA and user.is_staff):
        return False
    records = get_authentication_records(SimpleNamespace(session=session), user)
    return not any(record["method"] == "mfa" for record in records)
