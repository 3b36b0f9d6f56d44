"""Checks of the options that backends share. No message contains a value: it may be a key."""

import math
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error


def check_key(value: object) -> Iterator[CheckMessage]:
    """Check that the key can be sent in a header."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        yield Error(
            "The api_key in ESP_OPTIONS is empty, or contains a space, a line break or a"
            " non-ASCII sign.",
            hint="Copy the key from the ESP's account settings.",
            id="esp.E004",
        )


def check_list_id(value: str, *, numeric: bool, option: str = "list_id") -> Iterator[CheckMessage]:
    if not value or value == "None" or value[0] in "[{":
        yield Error(
            f"ESP_OPTIONS has no usable {option}.",
            hint="Contacts are added to this list (audience).",
            id="esp.E005",
        )
    elif numeric and not value.isdecimal():
        yield Error("The list_id in ESP_OPTIONS must be a number for this ESP.", id="esp.E005")


def check_url(value: str) -> Iterator[CheckMessage]:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # Reading the port parses it, and raises ValueError if it is wrong.
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


def check_extras(
    tags: object, double_optin: object, *, no_tags: str, no_double_optin: str
) -> Iterator[CheckMessage]:
    """Check the tags and the double opt-in. `no_…`: why the vendor has none, if so."""
    is_list = isinstance(tags, list | tuple) and all(
        isinstance(tag, str) and tag and "," not in tag for tag in tags
    )
    if not is_list or not isinstance(double_optin, bool):
        yield Error(
            'In ESP_OPTIONS tags must be a list such as ["summer"], double_optin true or false.',
            hint="A tag has no comma.",
            id="esp.E011",
        )
    elif tags and no_tags:
        yield Error(f"ESP_OPTIONS has tags. {no_tags}.", id="esp.E012")
    elif double_optin and no_double_optin:
        yield Error(f"ESP_OPTIONS has double_optin. {no_double_optin}.", id="esp.E012")
