"""Erasure at a person's own wish, which a mailed link confirms."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from privacy.models import Erasure
from privacy.own_data import confirmed_address
from serving.keyed_hash import keyed_hash

SALT = "accounts.erasure"
SENT = _("We have sent you a link. Nothing is erased before you open it and confirm.")
NO_MAIL = _("This site sends no mail. Ask its operator to erase your data.")
LINK_MAX_AGE = 24 * 60 * 60  # seconds


def send_link(request: Any, address: str) -> bool:
    """Mail the link that confirms the wish; return False if the rate limit forbids it.

    The link names the account, and contains only a hash of the address. Where no mail is sent,
    raise PermissionDenied: nobody could confirm.
    """
    if not settings.MAIL_ENABLED:
        raise PermissionDenied(NO_MAIL)
    user = request.user
    if not ratelimit.consume(request, action="erasure", user=user):
        return False
    key = signing.dumps(_wish(user, address), salt=SALT)
    url = request.build_absolute_uri(reverse("erasure", args=[key]))
    get_adapter().send_mail("account/email/erasure", address, {"user": user, "erasure_url": url})
    return True


def address_to_erase(key: str) -> str | None:
    """Return the address whose erasure the link confirms; None if the link is invalid.

    A link is invalid if it is made up, too old or used, or if the account has another address now:
    the owner of that address did not get the link.
    """
    try:
        wish = signing.loads(key, salt=SALT, max_age=LINK_MAX_AGE)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=wish[0], is_active=True).first()
    address = confirmed_address(user) if user else None
    return address if user and address and wish == _wish(user, address) else None


def _wish(user: User, address: str) -> list[Any]:
    return [user.pk, keyed_hash(address), Erasure.objects.of(address).count()]
