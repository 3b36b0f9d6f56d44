"""Say in plain words whether the ESP can be worked with."""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from esp.addresses import normalise_address
from esp.backends import get_backend
from esp.errors import ContactRejected, ESPMisconfigured, ESPUnavailable

WRONG, NO_ANSWER = 1, 3  # 2 is what a wrong command line exits with


class Command(BaseCommand):
    help = (
        "Ask the ESP whether key and list are right, and whether it knows an address. Adds nothing."
        f" Exit code: 0 all is well, {WRONG} a setting or the address is wrong,"
        f" {NO_ANSWER} the ESP does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", nargs="?", help="say also whether the ESP knows it")

    def handle(self, *args: Any, address: str | None, **options: Any) -> None:
        email = _normalised(address) if address else f"{secrets.token_hex(16)}@example.com"
        backend = get_backend()
        try:
            # Not every vendor's look-up notices a wrong list: those that can say have this method.
            if check_list := getattr(backend, "check_list", None):
                check_list()
            known = backend.has_contact(email)
        except ESPMisconfigured as error:
            raise CommandError(f"An operator must act: {error}.", returncode=WRONG) from None
        except ESPUnavailable as error:
            raise CommandError(f"No answer to work with: {error}.", returncode=NO_ANSWER) from None
        except ContactRejected as error:
            raise CommandError(f"The ESP refuses the address: {error}.", returncode=WRONG) from None
        self.stdout.write("The ESP answers; key and list are right.")
        if address:
            self.stdout.write(f"The address is {'known' if known else 'not known'} to it.")


def _normalised(address: str) -> str:
    try:
        return normalise_address(address)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=WRONG) from None
