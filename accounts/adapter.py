"""Changes to how django-allauth treats accounts."""

import logging
import time
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core import context, ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.conf import BY_NAME, BY_NETWORK
from accounts.sign_in import find_account, known_browser, remember_browser
from serving.addresses import normalise_address
from serving.client_address import client_address

logger = logging.getLogger(__name__)
NO_MAIL = _("This site sends no mail. Ask your administrator for an account or a new password.")
CONFIRMED_ADDRESS_STAGE = "accounts.adapter.ConfirmedAddressStage"


class AccountAdapter(DefaultAccountAdapter):
    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def validation_error(self, code: str, *args: Any) -> Any:
        """Return the error to raise: 429 for too many guesses, else a validation error."""
        if code == "too_many_login_attempts":
            return ImmediateHttpResponse(ratelimit.respond_429(context.request))
        return super().validation_error(code, *args)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the account of a username or an address if the password is right.

        Tries are counted for the name, wherever they come from, and failures for the network. A
        known browser has a count of its own, so that strangers cannot lock the person out there.
        One password is hashed, whether the account exists or not: the time does not tell.
        """
        typed = str(credentials.get("username") or credentials.get("email", ""))
        account, name = find_account(typed), typed.lower()
        browser = known_browser(request, account) if account else None
        key = browser or name
        blocked = not browser and not ratelimit.consume(request, action=BY_NETWORK, dry_run=True)
        if blocked or not ratelimit.consume(request, action=BY_NAME, key=key):
            raise self.validation_error("too_many_login_attempts")
        username, password = account.username if account else name, credentials.get("password")
        user = super().authenticate(request, username=username, password=password)
        if user:
            ratelimit.clear(request, action=BY_NAME, key=key)
        elif not browser:
            ratelimit.consume(request, action=BY_NETWORK)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count nothing, unlike django-allauth: authenticate() does."""

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> Any:
        response = super().post_login(request, user, **options)
        remember_browser(response, user)
        return response

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)
        for name in (user.username, user.email):
            ratelimit.clear(context.request, action=BY_NAME, key=name.lower())

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> Any:
        if user is None:  # signing up for an account that exists: take the time of making one
            make_password("")
        return super().respond_email_verification_sent(request, user)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether a mail server is set: without one nobody can confirm an address."""
        return bool(settings.MAIL_ENABLED)

    def clean_email(self, email: str) -> str:
        """Return the address normalised as a player's, so that one person is one account.

        Each form that asks for it would send a mail there, so it is refused where none is sent.
        """
        if not settings.MAIL_ENABLED:
            raise ValidationError(NO_MAIL, code="no_mail")
        return super().clean_email(normalise_address(email))

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Return whether the address is not the primary one, by which its owner signs in."""
        return not email_address.primary and bool(super().can_delete_email(email_address))

    def generate_unique_username(self, txts: list[str | None], regex: str | None = None) -> str:
        """Return a random name: it is shown to people who may not see the address."""
        return f"player-{get_random_string(12).lower()}"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the person must show the password again: not soon after signing in."""
        records = get_authentication_records(context.request, context.request.user)
        latest = max((record["at"] for record in records), default=0)
        if time.time() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the mail; if that fails, log the error's class and return as if it was sent.

        A different answer would show whether the account exists. The error's text may contain
        the address.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            logger.error("mail not sent: %s", type(error).__name__)  # noqa: TRY400

    def get_login_stages(self) -> list[str]:
        replaced = {"allauth.account.stages.EmailVerificationStage": CONFIRMED_ADDRESS_STAGE}
        return [replaced.get(stage, stage) for stage in super().get_login_stages()]


class ConfirmedAddressStage(EmailVerificationStage):
    """Demands a confirmed address of players; a superuser has already admitted staff."""

    def handle(self) -> Any:
        user = self.login.user
        return (None, True) if user and user.is_staff else super().handle()
