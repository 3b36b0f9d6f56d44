"""Checks the ESP's key and list with a real call."""

import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from esp.backends import get_backend
from esp.backends.base import ESPBackend, ForgetsContacts, ListsFields
from esp.errors import ContactRejected, ESPError, ESPMisconfigured
from serving.addresses import normalise_address

WRONG, NO_ANSWER = 1, 3  # exit codes; 2 is argparse's, for a wrong command line


class Command(BaseCommand):
    help = (
        "Ask the ESP whether key, rights and list are right, and whether it knows an address."
        " Changes nothing."
        f" Exit code: 0 all is well, {WRONG} a setting or the address is wrong,"
        f" {NO_ANSWER} the ESP does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "address", nargs="?", help="also report whether the ESP knows this address"
        )

    def handle(self, *args: Any, address: str | None, **options: Any) -> None:
        email = _normalised(address) if address else f"{secrets.token_hex(16)}@example.com"
        backend = get_backend()
        try:
            if check_rights := getattr(backend, "check_rights", None):
                for note in check_rights():
                    self.stdout.write(f"Note: {note}")
            elif check_list := getattr(backend, "check_list", None):
                check_list()
            _check_fields(backend)
            if not isinstance(backend, ForgetsContacts):
                self.stdout.write("Note: after an erasure, staff remove the contact by hand.")
            known = backend.has_contact(email)
        except ContactRejected as error:
            raise CommandError(f"The ESP refuses the address: {error}.", returncode=WRONG) from None
        except ESPError as error:
            if isinstance(error, ESPMisconfigured) or error.answered:
                message, code = _("An operator must act: %(error)s."), WRONG
            else:
                message, code = _("No answer to work with: %(error)s."), NO_ANSWER
            raise CommandError(message % {"error": error}, returncode=code) from None
        self.stdout.write("The ESP answers; key, rights and list are right.")
        if address:
            self.stdout.write(f"The address is {'known' if known else 'not known'} to it.")


def _check_fields(backend: ESPBackend) -> None:
    """Raise ESPMisconfigured if ESP_FIELDS names a field that the ESP does not have."""
    if settings.ESP_FIELDS and isinstance(backend, ListsFields):
        unknown = set(settings.ESP_FIELDS.values()).difference(backend.field_names())
        if unknown:
            raise ESPMisconfigured(
                f"the ESP has no field {', '.join(sorted(unknown))} (ESP_FIELDS)"
            )


def _normalised(address: str) -> str:
    try:
        return normalise_address(address)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=WRONG) from None
