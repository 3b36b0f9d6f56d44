"""Checks of the options that backends share. No message repeats a value: it may be a key."""

import math
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error


def check_key(value: object) -> Iterator[CheckMessage]:
    """Check that the key is one word that a header can carry."""
    if not isinstance(value, str) or not value:
        yield Error(
            "ESP_OPTIONS has an empty api_key.",
            hint="Copy the key from the ESP's account settings.",
            id="esp.E004",
        )
    elif not (value.isascii() and value.isprintable()) or " " in value:
        yield Error(
            "The api_key in ESP_OPTIONS contains a space, a line break or a non-ASCII sign.",
            hint="Copy it again; it is one line of Latin letters, digits and signs.",
            id="esp.E004",
        )


def check_list_id(value: str, *, numeric: bool, option: str = "list_id") -> Iterator[CheckMessage]:
    if not value or value == "None" or value[0] in "[{":
        yield Error(
            f"ESP_OPTIONS has no usable {option}.",
            hint="It names the list (audience) to which contacts are added.",
            id="esp.E005",
        )
    elif numeric and not value.isdecimal():
        yield Error("The list_id in ESP_OPTIONS must be a number with this ESP.", id="esp.E005")


def check_url(value: str) -> Iterator[CheckMessage]:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # The port is parsed, and refused, only when it is looked at.
        usable = usable and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        yield Error(
            "The base_url in ESP_OPTIONS is not an http:// or https:// URL.",
            hint="Leave it out for the ESP's own address; a self-hosted ESP needs it.",
            id="esp.E006",
        )


def check_timeout(value: object) -> Iterator[CheckMessage]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:  # type: ignore[operator]
        yield Error(
            "The timeout in ESP_OPTIONS must be a number of seconds above 0.", id="esp.E007"
        )
