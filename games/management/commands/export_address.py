"""Everything about one person, for whoever asks what is kept about them."""

import json
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from esp.addresses import normalise_address
from games.person import about

ADDRESS_HELP = "the address; - reads it from standard input, which no process list shows"


def read_address(address: str) -> str:
    """Return the address of the command line, normalised; "-" is a line of standard input."""
    try:
        return normalise_address(sys.stdin.readline() if address == "-" else address)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None


class Command(BaseCommand):
    help = "Print everything that is kept about an address, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help=ADDRESS_HELP)

    def handle(self, *, address: str, **_options: Any) -> None:
        found = about(read_address(address))
        self.stdout.write(json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
