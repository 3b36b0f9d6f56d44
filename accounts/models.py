"""Tokens of programs that use the staff API."""

import secrets
from datetime import timedelta
from hashlib import sha512

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PREFIX = "esp_"  # so that a scanner for leaked secrets can recognise a token
KEY_LENGTH = 15  # number of a token's first characters that are stored to recognise it
TOUCH_INTERVAL = timedelta(minutes=1)  # shortest time between two updates of last_used_at


class Scope(models.TextChoices):
    READ = "games:read", _("read games")
    WRITE = "games:write", _("read and write games")


class Token(models.Model):
    """A program's key to the staff API. Only its hash is stored.

    A token acts for its account: it may do no more than the account may do at that moment.
    """

    digest = models.CharField(max_length=128, primary_key=True)
    token_key = models.CharField(max_length=25, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="auth_token_set",
        limit_choices_to={"is_staff": True},
        verbose_name=_("account"),
        help_text=_("The token may do what the account may, within its scope."),
    )
    name = models.CharField(
        _("name"), max_length=100, help_text=_("The program that uses the token.")
    )
    scope = models.CharField(_("scope"), max_length=20, choices=Scope, default=Scope.READ)
    created = models.DateTimeField(_("made"), auto_now_add=True)
    expiry = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last use"), null=True, editable=False)

    secret = ""  # the token itself; only make_secret() sets it

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=Scope.values), name="token_scope_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.expiry and self.expiry <= timezone.now():
            raise ValidationError({"expiry": _("A token must not expire in the past.")})

    def make_secret(self) -> None:
        """Set a new secret. It is not stored, so show it at once."""
        self.secret = PREFIX + secrets.token_hex(32)
        self.digest, self.token_key = digest_of(self.secret), self.secret[:KEY_LENGTH]

    def touch(self) -> None:
        """Store the time of use, at most once in TOUCH_INTERVAL."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > TOUCH_INTERVAL:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


def digest_of(secret: str) -> str:
    """Return the hash of a token. It is long and random: salt or a slow hash adds nothing."""
    return sha512(secret.encode()).hexdigest()
