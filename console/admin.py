"""Registers the pages of the console with Django's admin."""

from console import (  # noqa: F401
    consents,
    erasures,
    log,
    mock_contacts,
    players,
    plays,
    theme_words,
)
from console.draw import pages as draw_pages  # noqa: F401
from console.imports import pages  # noqa: F401
from console.team import staff_accounts, tokens  # noqa: F401
