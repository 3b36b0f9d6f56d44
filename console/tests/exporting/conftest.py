from collections.abc import Callable
from typing import Any

import pytest

# Models are imported where they are needed: this file may be read before the settings are.


@pytest.fixture
def nasty(new_game: Callable[..., Any]) -> list[str]:
    """Make players whose addresses are something else to a spreadsheet."""
    from testing.exports import NASTY, NOON  # noqa: PLC0415

    for email in NASTY:
        new_game(email, NOON, contact_error="=1+1")
    return NASTY
