"""The address on the command line of the privacy commands."""

import sys

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from serving.addresses import normalise_address

HELP = 'The address "-" is read from standard input, which no process list shows.'


def read_address(address: str) -> str:
    """Return the address, normalised; "-" is a line of standard input. Raise CommandError."""
    try:
        return normalise_address(sys.stdin.readline() if address == "-" else address)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
