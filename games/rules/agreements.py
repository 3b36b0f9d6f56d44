"""What a play's body says of consents: which purposes, by which text."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.utils.html import parse_html_dict

from games.consent import RESERVED, ConsentAct, current_texts, reload_texts

TICKED = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


class Agreement(NamedTuple):
    """One purpose that a player agreed to or not, by a text."""

    purpose: str
    text: int  # the id of the ConsentText
    act: ConsentAct


def shown(name: str) -> str:
    """Return a name of the request's so that an answer can hold it: short, and valid UTF-8."""
    return name[:40].encode(errors="replace").decode()


def read_agreements(data: Any, *, is_form: bool) -> list[Agreement]:
    """Return what a play's body says of consents; none if it says nothing of them.

    Raise ValidationError, which says what to send, for a consent that cannot be proved.
    """
    if "consent" in data:
        return _read_consent(data["consent"], is_form=is_form)
    consent = parse_html_dict(data, prefix="consent") if is_form else {}
    # A form sends nothing for a box that is not ticked, perhaps beside the text's version.
    return _read_consent(consent, is_form=True) if set(consent) - set(RESERVED) else []


def _read_consent(consent: Any, *, is_form: bool) -> list[Agreement]:
    """Return the agreements; raise ValidationError that says what to send."""
    example = '"consent": {"mailing": true, "text": "…"}'
    if not isinstance(consent, Mapping):
        raise _refused(_("Send an object, as in %(example)s.") % {"example": example})
    version, language = consent.get("text"), consent.get("language") or get_language()
    purposes = [purpose for purpose in consent if purpose not in RESERVED]
    if not isinstance(version, str) or not isinstance(language, str) or not purposes:
        message = _("Name a purpose and the version of the text, as in %(example)s.")
        raise _refused(message % {"example": example})
    return [
        Agreement(
            purpose,
            _find_text(purpose, version, language),
            _read_act(purpose, consent[purpose], is_form=is_form),
        )
        for purpose in purposes
    ]


def _find_text(purpose: str, version: str, language: str) -> int:
    """Return the id of a text in use. Look twice: staff may have just added it."""
    wanted = purpose, version, language
    texts = current_texts()
    if wanted not in texts:
        reload_texts()
        texts = current_texts()
    if wanted in texts:
        return texts[wanted].id
    known = sorted({(text[1], text[2]) for text in texts if text[0] == purpose})
    if not known:
        purposes = ", ".join(sorted({text[0] for text in texts})) or "-"
        message = _("“%(purpose)s” is no purpose of this site. Its purposes: %(purposes)s.")
        raise _refused(message % {"purpose": shown(purpose), "purposes": purposes})
    message = _(
        "“%(purpose)s” has no text in use with this version and language. Send one of: %(texts)s."
    )
    texts_in_use = ", ".join(f'"text": "{one}", "language": "{two}"' for one, two in known)
    raise _refused(message % {"purpose": purpose, "texts": texts_in_use})


def _read_act(purpose: str, value: Any, *, is_form: bool) -> ConsentAct:
    given = TICKED.get(str(value).lower()) if is_form else value
    if not isinstance(given, bool):
        raise _refused(_("“%(purpose)s” must be true or false.") % {"purpose": shown(purpose)})
    return ConsentAct.GIVEN if given else ConsentAct.DECLINED


def _refused(message: str) -> ValidationError:
    return ValidationError({"consent": [message]})
