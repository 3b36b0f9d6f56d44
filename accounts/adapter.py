"""How this site's accounts differ from django-allauth's."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import get_random_string

from esp.addresses import normalise_address
from esp_mail.client import client_address

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def validation_error(self, code: str, *args: Any) -> Any:
        """Return what django-allauth is to raise; too many guesses are 429, not a wrong field."""
        if code == "too_many_login_attempts":
            return ImmediateHttpResponse(respond_429(context.request))
        return super().validation_error(code, *args)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Theirs has the Host header in it, and with each port a client begins anew.
        return str(credentials.get("email") or credentials.get("username", "")).lower()

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether there is a mail server: nobody could confirm an address without one."""
        return bool(settings.MAIL_ENABLED)

    def clean_email(self, email: str) -> str:
        """Return the address in the form that games have, so that one person is one account."""
        return super().clean_email(normalise_address(email))

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Keep the address by which its owner signs in."""
        return not email_address.primary and bool(super().can_delete_email(email_address))

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Return a name that says nothing of the address: it is shown where the address is not."""
        return f"player-{get_random_string(12).lower()}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the mail. A failure is logged without the address, and answered like a success.

        Another answer would tell whether the account exists, and the server's text names it.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            logger.error("mail not sent: %s", type(error).__name__)  # noqa: TRY400

    def get_login_stages(self) -> list[str]:
        ours = f"{ConfirmedAddressStage.__module__}.{ConfirmedAddressStage.__name__}"
        theirs = f"{EmailVerificationStage.__module__}.{EmailVerificationStage.__name__}"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]


class ConfirmedAddressStage(EmailVerificationStage):
    """Players confirm their address first; staff were let in by a superuser."""

    def handle(self) -> Any:
        user = self.login.user
        return (None, True) if user and user.is_staff else super().handle()
