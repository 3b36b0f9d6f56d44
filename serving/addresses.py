"""Email addresses: the only place where they are checked and normalised. One person, one form."""

import re
from functools import lru_cache
from unicodedata import category

import idna
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

SPACES = " \t\r\n\u00a0\u3000"  # often pasted with an address; the rest takes the long way
AROUND = '<>()[]",;'  # ASCII signs that stand around a pasted address, and never begin or end one
MAILTO = re.compile(r"(?:mailto:(?://)?)+([^?]*)", re.IGNORECASE)
WIDE_AT = "\uff20\ufe6b"
DOTTED_I = "i\u0307"  # a Turkish phone's capital “İ” in lower case: another domain than with “i”
# Checking the domain is most of the work, and players have few domains. So results are remembered
# for domains (never for addresses), and most addresses skip the full check.
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
MAX_PLAIN = 64  # characters; within the limits of both parts
MAX_LENGTH = 254  # RFC 5321: a path of 256 octets less its angle brackets


def normalise_address(value: str) -> str:
    """Return the address normalised: alone, lower case, the domain in ASCII (punycode).

    Raise ValidationError, in the active language, if it is not a mailbox that an ESP can store.
    """
    address = value.strip(SPACES)
    local, _at, domain = address.rpartition("@")
    if PLAIN_LOCAL.fullmatch(local) and _is_plain(domain) and len(address) <= MAX_PLAIN:
        return address.lower()
    address = _alone(address)
    try:
        checked = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        raise ValidationError(_explain(address), code="invalid") from error
    if DOTTED_I in checked.domain:
        raise ValidationError(_("Type a plain “i” in place of “İ”."), code="invalid")
    # With SMTPUTF8 off there is always an ASCII form.
    return str(checked.ascii_email).lower()


@lru_cache(maxsize=1024)
def _is_plain(domain: str) -> bool:
    """Return whether normalising changes nothing of the domain but capitals."""
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return False
    return bool(checked.ascii_domain == domain.lower() and DOTTED_I not in checked.domain)


def _alone(text: str) -> str:
    """Return the address without what people paste with it, as in “Cem <mailto:cem@test.ru>,”."""
    name, _bracket, rest = text.rpartition("<")
    several = "@" in name and _bare(name) != _bare(rest)  # a name may be the address itself
    return _bare(text if several else rest)


def _bare(text: str) -> str:
    address = _strip(text)
    mailto = MAILTO.match(address)
    return _strip(mailto[1]) if mailto else address


def _strip(text: str) -> str:
    """Remove signs from both ends that cannot be part of an address there: invisible ones too."""
    around = AROUND + "".join(filter(_stands_around, set(text)))
    text = text.lstrip(around).rstrip(around + ".")
    if text.startswith("'") and text.endswith("'"):  # an address may begin with it, but not end
        around += "'"
    return text.lstrip(around).rstrip(around + ".")


def _stands_around(sign: str) -> bool:
    """Return whether a sign is a space, invisible, or punctuation of another script."""
    return sign.isspace() or category(sign) == "Cf" or (sign > "\x7f" and category(sign)[0] in "PS")


def _explain(address: str) -> str:  # noqa: PLR0911 - one return for each reason
    """Return what to change; the texts of email-validator are in English only."""
    local, at, domain = address.rpartition("@")
    if len(address) > MAX_LENGTH:
        return _("The address is longer than %(limit)d characters.") % {"limit": MAX_LENGTH}
    if sign := next(filter(WIDE_AT.__contains__, address), ""):
        return _("Type a plain “@” in place of “%(sign)s”.") % {"sign": sign}
    if not at:
        return _("An email address has an “@”, as in name@example.com.")
    if any(category(sign) == "Zs" for sign in address):
        return _("The address contains a space. Remove it.")
    if not address.isprintable():
        return _("The address contains invisible characters. Type it instead of pasting it.")
    if local and not local.isascii():
        return _("Only Latin letters, digits and signs may stand before the “@”.")
    if domain and ("." not in domain or "," in domain):
        return _("The part after the “@” must be a full domain, as in example.com.")
    return _("Enter a valid email address, as in name@example.com.")


def readable_address(address: str) -> str:
    """Return the address as people write it: an internationalised domain in its own script."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except idna.IDNAError:
        return address


class AddressField(models.CharField):
    """An email address. Forms, the admin and `full_clean()` normalise it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max_length": MAX_LENGTH} | kwargs)  # type: ignore[arg-type]

    def clean(self, value: object, model_instance: models.Model | None) -> str:
        # Not in to_python(): look-ups use it too, with parts of addresses.
        address = normalise_address(str(value)) if value else value
        return str(super().clean(address, model_instance))


def normalised_constraint(name: str) -> models.CheckConstraint:
    """Return a constraint that lets only normalised addresses into a model's `email`."""
    # Printable ASCII without capitals or a second "@"; at least two domain labels.
    form = r"^[!-?\[-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+$"
    return models.CheckConstraint(condition=models.Q(email__regex=form), name=name)


def ascii_domain(text: str) -> str:
    """Return a search term in the form of stored addresses: lower case, the domain in ASCII."""
    text = text.strip().lower()
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{idna.encode(domain).decode()}"
    except idna.IDNAError:
        return text
