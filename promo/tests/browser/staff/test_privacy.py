"""The console's pages about one person, for each role, in a real browser."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from games.models import Game
from privacy.models import Erasure
from promo.tests.browser.conftest import NewPage
from promo.tests.browser.staff.test_console import DESKTOP, PHONE, expect_readable
from testing.campaign import GAMES, PLAYS, make_game

SignedIn = Callable[..., Page]
OPTIONS = [
    {"locale": "en-GB", "color_scheme": "light", "viewport": DESKTOP},
    {"locale": "ru-RU", "color_scheme": "dark", "viewport": DESKTOP},
    {"locale": "ru-RU", "color_scheme": "light", "viewport": PHONE},
]


@pytest.fixture
def signed_in(new_page: NewPage, live_server: Any) -> SignedIn:
    """Return a function that opens the console as an account of a group."""
    import_module("games.migrations.0003_rights").give_rights(apps)  # emptied after each test
    make_game("cem@test.ru", timezone.now(), timezone.now(), state="pending", contact_error="why")

    def open_console(group: str, **options: Any) -> Page:
        account = User.objects.create_user(group.replace(" ", "-"), is_staff=True)
        account.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(account)
        page = new_page("", **options)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        return page

    return open_console


def check(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect_readable(page)


@pytest.mark.parametrize("options", OPTIONS, ids=["en-light", "ru-dark", "ru-light-phone"])
def test_officer_looks_a_person_up_and_erases_them(
    signed_in: SignedIn, options: dict[str, Any]
) -> None:
    page = signed_in("data protection", **options)
    page.goto(f"{GAMES}person/")
    check(page)
    page.fill("[name=address]", "nobody@test.ru")
    page.press("[name=address]", "Enter")
    page.get_by_role("heading", name="nobody@test.ru").wait_for()
    check(page)
    page.fill("[name=address]", " Cem@Test.RU ")
    page.press("[name=address]", "Enter")
    page.get_by_role("heading", name="cem@test.ru").wait_for()
    check(page)
    page.locator("form[action$='erase/'] button").click()
    page.locator("[name=reason]").wait_for()
    check(page)
    page.fill("[name=reason]", "request 17")
    page.press("[name=reason]", "Enter")
    page.wait_for_url("**/erasure/")
    check(page)
    assert page.get_by_text("request 17").is_visible()
    assert not Game.objects.exists()
    page.goto(f"/admin/games/erasure/{Erasure.objects.get().pk}/change/")
    check(page)
    page.goto("/admin/admin/logentry/")
    check(page)


@pytest.mark.parametrize(
    ("group", "seen", "other"),
    [("viewers", "c***@t***.ru", "cem@test.ru"), ("managers", "cem@test.ru", "c***@t***.ru")],
)
def test_viewer_sees_masked_what_a_manager_sees(
    signed_in: SignedIn, group: str, seen: str, other: str
) -> None:
    page = signed_in(group, viewport=DESKTOP)
    for address in (GAMES, PLAYS, f"{GAMES}{Game.objects.get().pk}/change/"):
        page.goto(address)
        assert page.get_by_text(seen).first.is_visible()
        assert other not in page.content()
