"""Tokens for programs."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken, AuthTokenManager

USED = timedelta(minutes=1)  # a token's last use is noted no more often


class Scope(models.TextChoices):
    """What a token is good for, of what its account may do."""

    READ = "games:read", _("read games")
    WRITE = "games:write", _("read and write games")


class Token(AbstractAuthToken):
    """A program's key to the staff API; only its hash is kept.

    It acts for its account: what the account may not do, or may no longer do, the token cannot.
    """

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

    objects = AuthTokenManager()

    secret = ""  # what the program is given; known only to the object that was made with it

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

    def note_use(self) -> None:
        """Keep when the token was last used, to the minute: not a write for every request."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USED:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
