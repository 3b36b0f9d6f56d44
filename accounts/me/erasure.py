"""Forgetting a person who asks for it, once a mail to the address has confirmed who asks."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.me.person import confirmed_address
from esp_mail.keyed_hash import keyed_hash
from games.erasures import Erasure

SALT = "accounts.erasure"
SENT = _("We have sent you a link. Nothing is erased before you open it and confirm.")
VALID = 24 * 60 * 60  # seconds


def send_link(request: Any, user: User, address: str) -> bool:
    """Mail the link that confirms the wish, unless too many were; return whether it was.

    The link says which account it is, not which address: that stands in it as a hash.
    """
    if not ratelimit.consume(request, action="erasure", user=user):
        return False
    url = request.build_absolute_uri(
        reverse("erasure", args=[signing.dumps(_wish(user, address), salt=SALT)])
    )
    get_adapter().send_mail("account/email/erasure", address, {"user": user, "erasure_url": url})
    return True


def asked_for(key: str) -> str | None:
    """Return whose erasure the link confirms; None if it is no link, too old, used or outdated.

    Outdated it is once the account has another address: that one's owner did not get the link.
    """
    try:
        wish = signing.loads(key, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=wish[0], is_active=True).first()
    address = confirmed_address(user) if user else None
    return address if user and address and wish == _wish(user, address) else None


def _wish(user: User, address: str) -> list[Any]:
    return [user.pk, keyed_hash(address), Erasure.objects.of(address).count()]
