"""The name that an address has in the log."""

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from esp.addresses import normalise_address
from esp_mail.keyed_hash import keyed_hash


class Command(BaseCommand):
    help = "Print the address_hash by which the log names an address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help='"-" reads it, so that no list of processes shows it')

    def handle(self, *, address: str, **_options: Any) -> None:
        given = sys.stdin.readline() if address == "-" else address
        try:
            self.stdout.write(keyed_hash(normalise_address(given)))
        except ValidationError as error:
            raise CommandError("That is no address.") from error
