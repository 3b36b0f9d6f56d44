"""Consent: the texts that players agree to, and what each player agreed to and when."""

import hashlib
from functools import lru_cache
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAILING = "mailing"  # the purpose that the ESP needs
RESERVED = ("text", "language")  # keys of a request's "consent" that name no purpose
CACHE_SECONDS = 10.0  # after which every process knows that a text is retired


class ConsentText(models.Model):
    """What a visitor reads beside the box: one purpose, one language, one version.

    A text is never changed, so that a consent proves what was agreed to. Staff add a new version
    and retire the old one.
    """

    purpose = models.SlugField(_("purpose"), max_length=40, help_text=_("“mailing”: the ESP."))
    language = models.CharField(_("language"), max_length=10, help_text=_("As in “en” or “ru”."))
    version = models.CharField(_("version"), max_length=40, help_text=_("The site sends it."))
    text = models.TextField(_("text"))
    digest = models.CharField(_("SHA-256"), max_length=64, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "language", "version"], name="consent_text_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version} ({self.language})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new text with its digest; raise ValidationError if the text changes."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        if self.digest not in ("", digest):
            raise ValidationError(_("A consent text is never changed. Add a new version."))
        self.digest = digest
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if self.purpose in RESERVED:
            raise ValidationError({"purpose": _("This word has another meaning. Choose another.")})


class ConsentAct(models.TextChoices):
    """What the person did. Leaving a box empty does not withdraw an earlier consent."""

    GIVEN = "given", _("given")
    DECLINED = "declined", _("not given")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ConsentSource(models.TextChoices):
    """How it reached the program."""

    PLAY = "play", _("with a play")
    PERSON = "person", _("by the person, on their own page or by a link")
    STAFF = "staff", _("by staff")


class Consent(models.Model):
    """One act of one player. Rows are append-only, and erased with the player."""

    game = models.ForeignKey(
        "games.Game", models.CASCADE, related_name="consents", verbose_name=_("player")
    )
    text = models.ForeignKey(ConsentText, models.PROTECT, verbose_name=_("text"))
    act = models.CharField(_("act"), max_length=9, choices=ConsentAct)
    at = models.DateTimeField(_("time"), default=timezone.now)
    source = models.CharField(_("source"), max_length=6, choices=ConsentSource)
    page = models.CharField(_("page"), max_length=200, blank=True, default="")  # its origin
    client = models.GenericIPAddressField(_("IP address"), null=True)  # only by a setting
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.text}: {self.get_act_display()}"


class ConsentProof(models.Model):
    """What stays of a consent when its player is erased: enough to answer a complaint.

    `digest` is the keyed hash of the address. Only who knows the address can find the row.
    """

    digest = models.CharField(max_length=64, db_index=True, editable=False)
    text = models.ForeignKey(ConsentText, models.PROTECT, verbose_name=_("text"), editable=False)
    act = models.CharField(_("act"), max_length=9, choices=ConsentAct, editable=False)
    at = models.DateTimeField(_("time"), editable=False)
    source = models.CharField(_("source"), max_length=6, choices=ConsentSource, editable=False)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("proof of an erased consent")
        verbose_name_plural = _("proofs of erased consents")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.text}: {self.get_act_display()}"


def current_texts() -> dict[tuple[str, str, str], ConsentText]:
    """Return the texts in use by purpose, version and language, newest first."""
    return _texts(int(monotonic() / CACHE_SECONDS))


def mailing_text(language: str | None) -> ConsentText | None:
    """Return the newest mailing text in use: in this language, else in any, else None."""
    texts = [text for text in current_texts().values() if text.purpose == MAILING]
    return next((text for text in texts if text.language == language), next(iter(texts), None))


def reload_texts() -> None:
    """Read the texts anew at the next call."""
    _texts.cache_clear()


@lru_cache(maxsize=1)
def _texts(_period: int) -> dict[tuple[str, str, str], ConsentText]:
    texts = ConsentText.objects.filter(retired_at=None).order_by("-pk")
    return {(text.purpose, text.version, text.language): text for text in texts}


def last_mailing_act() -> Subquery:
    """Return a player's last act on mailing, for a query of players; null if there is none.

    A box that was left empty is no act here: it withdraws nothing.
    """
    acts = Consent.objects.filter(game=OuterRef("pk"), text__purpose=MAILING)
    return Subquery(acts.exclude(act=ConsentAct.DECLINED).order_by("-pk").values("act")[:1])
