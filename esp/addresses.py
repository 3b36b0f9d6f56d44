"""One person is one address: the only place where addresses are checked and brought to one form."""

import re
from functools import lru_cache

import idna
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

SPACES = " \t\r\n\u00a0\u3000"  # what is pasted along; not all that str.strip() takes for space
# To check a domain letter by letter is most of the work, and players have few domains: to remember
# those, and no address, saves a play 12 % of its function calls.
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
MAX_PLAIN = 64  # within every part's limit
MAX_LENGTH = 254  # RFC 5321: a path of 256 octets less its angle brackets


def normalise_address(value: str) -> str:
    """Return the one form of an address: trimmed, lower case, its domain in ASCII.

    Raise ValidationError, in the active language, for what is not a mailbox that an ESP can hold.
    """
    address = value.strip(SPACES)
    local, _at, domain = address.rpartition("@")
    if PLAIN_LOCAL.fullmatch(local) and _is_plain(domain) and len(address) <= MAX_PLAIN:
        return address.lower()
    try:
        checked = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        raise ValidationError(_explain(address), code="invalid") from error
    # With SMTPUTF8 off there is always an ASCII form.
    return str(checked.ascii_email).lower()


@lru_cache(maxsize=1024)
def _is_plain(domain: str) -> bool:
    """Return whether the domain is its own one form, but for capitals."""
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return False
    return bool(checked.ascii_domain == domain.lower())


def _explain(address: str) -> str:
    """Say what to change; email-validator's own texts are English only."""
    local, at, domain = address.rpartition("@")
    if len(address) > MAX_LENGTH:
        return _("The address is longer than %(limit)d characters.") % {"limit": MAX_LENGTH}
    if not at:
        return _("An email address has an “@”, as in name@example.com.")
    if not address.isprintable():
        return _("The address contains invisible characters. Type it instead of pasting it.")
    if local and not local.isascii():
        return _("Only Latin letters, digits and signs may stand before the “@”.")
    if domain and "." not in domain:
        return _("The part after the “@” must be a full domain, as in example.com.")
    return _("Enter a valid email address, as in name@example.com.")


def readable_address(address: str) -> str:
    """Return the address for human eyes: an internationalised domain in its own letters."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}"
    except idna.IDNAError:
        return address


class AddressField(models.CharField):
    """An email address; cleaning it (admin, forms, `full_clean`) normalises it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"max_length": MAX_LENGTH} | kwargs)  # type: ignore[arg-type]

    def clean(self, value: object, model_instance: models.Model | None) -> str:
        # Not in to_python(), which every look-up goes through, with parts of addresses too.
        address = normalise_address(str(value)) if value else value
        return str(super().clean(address, model_instance))


def normalised_constraint(name: str) -> models.CheckConstraint:
    """Return the constraint that keeps addresses of another form out of a model's `email`."""
    # Printable ASCII without capitals or a second "@", and a domain of at least two labels.
    form = r"^[!-?\[-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+$"
    return models.CheckConstraint(condition=models.Q(email__regex=form), name=name)


def ascii_domain(text: str) -> str:
    """Return a search term as addresses are stored: lower case, domain labels in ASCII."""
    text = text.strip().lower()
    local, at, domain = text.rpartition("@")
    try:
        return f"{local}{at}{idna.encode(domain).decode()}"
    except idna.IDNAError:
        return text
