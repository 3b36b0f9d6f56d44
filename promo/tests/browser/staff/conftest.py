"""The console in a real browser, for an account that is signed in."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, ViewportSize

from promo.tests.browser.axe import COLOURS, violations
from promo.tests.browser.conftest import NewPage

if TYPE_CHECKING:
    from django.contrib.auth.models import User

WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    # The theme's list of buttons over a table has other things than items between them.
    "rules": {"list": {"enabled": False}},
}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# The language, the scheme and the size that a page is read in.
LOOKS = {
    "en-light-desktop": {"locale": "en-GB", "color_scheme": "light", "viewport": DESKTOP},
    "ru-dark-desktop": {"locale": "ru-RU", "color_scheme": "dark", "viewport": DESKTOP},
    "ru-light-phone": {"locale": "ru-RU", "color_scheme": "light", "viewport": PHONE},
}
SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(new_page: NewPage, live_server: Any) -> SignedIn:
    """Return a function that opens a new context in which an account is signed in."""
    from django.test import Client  # noqa: PLC0415 - after django.setup()

    def open_context(account: "User", **options: Any) -> Page:
        client = Client()
        client.force_login(account)
        page = new_page("", **options)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    return open_context


def expect_readable(page: Page) -> None:
    """Assert that axe-core finds nothing on the page, and that the page fits the screen.

    In a dark scheme only the colours are looked at: the rest is looked at in a light one.
    """
    page.wait_for_load_state()
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert violations(page, COLOURS if dark else WCAG) == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, f"{page.url} is wider than the screen"
