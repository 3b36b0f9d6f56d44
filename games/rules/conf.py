"""PLAY_FIELDS, as the environment names them."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import JSONField

# Django reads two _ as the way to a value inside another.
NAME = re.compile(r"(?!.*(__|_$))[a-z][a-z0-9_]{0,39}")
KIND = re.compile(r"text:(?P<most>[1-9]\d{0,3})|integer|boolean")
# Keys of a play that are no fields, and words that a filter would read as lookups.
TAKEN = {"email", "consent", *JSONField().get_lookups()}


def play_fields(fields: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Return the kind and the greatest length of each field of PLAY_FIELDS.

    Raise ImproperlyConfigured for a name or a kind that is none.
    """
    kinds = {}
    for name, kind in fields.items():
        match = KIND.fullmatch(str(kind))
        if not match or not NAME.fullmatch(name) or name in TAKEN:
            raise ImproperlyConfigured(
                f"PLAY_FIELDS: {name!r} is {kind!r}. A field is text:100 (its longest), integer or "
                "boolean. Its name has small letters, digits and single _, and is not “email”, "
                "“consent” or a word of Django's queries, such as “in”."
            )
        kinds[name] = match[0].partition(":")[0], int(match["most"] or 0)
    return kinds
