"""Forgetting a person who asks for it, once a mail to the address has confirmed who asks."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.me.person import confirmed_address
from games.forgetting import forget

SALT = "accounts.erasure"
SENT = _("We have sent you a link. Nothing is erased before you open it and confirm.")
VALID = 24 * 60 * 60  # seconds


def send_link(request: Any, user: User, address: str) -> bool:
    """Mail the link that confirms the wish, unless too many were; return whether it was.

    The link says which account it is, not which address.
    """
    if not ratelimit.consume(request, action="erasure", user=user):
        return False
    url = request.build_absolute_uri(reverse("erasure", args=[signing.dumps(user.pk, salt=SALT)]))
    get_adapter().send_mail("account/email/erasure", address, {"user": user, "erasure_url": url})
    return True


def asked_by(key: str) -> User | None:
    """Return the account whose link this is, None if it is no link, too old, or used."""
    try:
        pk = signing.loads(key, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk, is_active=True).first()


def erase(user: User) -> None:
    """Forget the person: game, plays and account; a staff account is a superuser's matter."""
    with transaction.atomic():
        address = confirmed_address(user)
        if address:
            forget(address, reason="asked for by the person")
        if not user.is_staff:
            user.delete()
