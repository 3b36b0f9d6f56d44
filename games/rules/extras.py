"""What a play may bring beside the address: consents, and the fields that PLAY_FIELDS names."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.utils.html import is_html_input

from games.consent import MAILING, Consent, ConsentAct, ConsentSource
from games.metrics import IGNORED_FIELDS
from games.rules.agreements import read_agreements, shown
from serving.client_address import client_ip
from serving.logs import encode

LARGEST = 2**53 - 1  # the largest integer that JavaScript holds exactly
JOINERS = dict.fromkeys((0x200C, 0x200D))  # of scripts and of emoji: harmless
OWN_KEYS = ("email", "consent")


class Extras(NamedTuple):
    """What a play brings beside its address."""

    fields: dict[str, Any] | None  # None if there are none
    consents: list[dict[str, Any]]  # values of Consent
    agreed: bool  # whether the player agrees to mailing with this play
    ignored: list[str]  # names of the fields that were not stored

    def to_json(self) -> str:
        """Return what COUNT_WITH_EXTRAS stores."""
        return encode({"fields": self.fields, "consents": self.consents})

    def store_consents(self, player: Any, now: datetime) -> None:
        """Store what the player agreed to with this play."""
        source = ConsentSource.PLAY
        Consent.objects.bulk_create(
            Consent(game=player, at=now, source=source, **values) for values in self.consents
        )


def read_extras(request: HttpRequest, data: Any) -> Extras:
    """Return what a play's body brings beside the address.

    Raise ValidationError for a consent that cannot be proved; with PLAY_FIELDS_STRICT also for a
    field that is unknown or has a wrong value. Without it such a field is ignored.
    """
    is_form = is_html_input(data)
    agreements = read_agreements(data, is_form=is_form)
    sent = {
        key: value
        for key, value in data.items()
        if key not in OWN_KEYS and not (is_form and key.startswith("consent."))
    }
    fields, errors = _read_fields(sent)
    if errors:
        if settings.PLAY_FIELDS_STRICT:
            raise ValidationError({shown(name): why for name, why in errors.items()})
        IGNORED_FIELDS.inc(len(errors))
    origin = request.META.get("HTTP_ORIGIN", "")
    page = origin[:200] if origin.isprintable() else ""
    client = client_ip(request) if agreements and settings.CONSENT_KEEPS_IP else None
    return Extras(
        fields or None,
        [
            {"text_id": one.text, "act": one.act, "page": page, "client": client}
            for one in agreements
        ],
        agreed=any(one.purpose == MAILING and one.act == ConsentAct.GIVEN for one in agreements),
        ignored=list(errors),
    )


def _read_fields(sent: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the values to store, and why each of the other fields is not stored."""
    fields: dict[str, Any] = {}
    errors: dict[str, list[Any]] = {}
    known = settings.PLAY_FIELDS if sent else {}
    for name, value in sent.items():
        if name not in known:
            errors[name] = [_("This site takes no such field.")]
        elif _is_plain(value, *known[name]):
            fields[name] = value
        elif value not in ("", None):
            try:
                fields[name] = _validator(*known[name]).run_validation(value)
            except ValidationError as error:
                errors[name] = list(error.detail)
    return fields, errors


def _is_plain(value: Any, kind: str, most: int) -> bool:
    """Return whether the validator would return the value as it is. To ask it costs 10 % of a play.

    Text is plain only if it is printable: then it has no sign that the validator refuses.
    """
    if kind == "text":
        is_trimmed = isinstance(value, str) and value == value.strip()
        return is_trimmed and value.isprintable() and 0 < len(value) <= most
    if kind == "integer":
        return type(value) is int and abs(value) <= LARGEST
    return value is True or value is False


@cache
def _validator(kind: str, most: int) -> serializers.Field[Any, Any, Any, Any]:
    if kind == "integer":
        return serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST)
    if kind == "boolean":
        return serializers.BooleanField()
    return serializers.CharField(max_length=most, allow_blank=True, validators=[_check_printable])


def _check_printable(text: str) -> None:
    """Refuse what would change how other text is shown: a terminal's codes, lines, directions."""
    hidden = {unicodedata.category(sign) for sign in text.translate(JOINERS)}
    if hidden & {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        raise serializers.ValidationError(_("The text must have no control characters."))
