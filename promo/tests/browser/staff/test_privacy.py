"""The console's pages about one person, for each role, in a real browser."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page

from games.models import Game
from privacy.models import Erasure
from promo.tests.browser.staff.conftest import DESKTOP, LOOKS, SignedIn, expect_readable
from testing.campaign import GAMES, PLAYS, make_game


@pytest.fixture
def open_as(signed_in: SignedIn) -> SignedIn:
    """Return a function that opens a new context for an account of a group."""
    import_module("games.migrations.0003_rights").give_rights(apps)  # emptied after each test
    make_game("cem@test.ru", timezone.now(), timezone.now(), state="pending", contact_error="why")

    def open_context(group: str, **options: Any) -> Page:
        account = User.objects.create_user(group.replace(" ", "-"), is_staff=True)
        account.groups.add(Group.objects.get(name=group))
        return signed_in(account, **options)

    return open_context


@pytest.mark.parametrize("look", LOOKS)
def test_officer_looks_a_person_up_and_erases_them(open_as: SignedIn, look: str) -> None:
    page = open_as("data protection", **LOOKS[look])
    page.goto(f"{GAMES}person/")
    expect_readable(page)
    page.fill("[name=address]", "nobody@test.ru")
    page.press("[name=address]", "Enter")
    page.get_by_role("heading", name="nobody@test.ru").wait_for()
    expect_readable(page)
    page.fill("[name=address]", " Cem@Test.RU ")
    page.press("[name=address]", "Enter")
    page.get_by_role("heading", name="cem@test.ru").wait_for()
    expect_readable(page)
    page.locator("form[action$='erase/'] button").click()
    page.locator("[name=reason]").wait_for()
    expect_readable(page)
    page.fill("[name=reason]", "request 17")
    page.press("[name=reason]", "Enter")
    page.wait_for_url("**/erasure/")
    expect_readable(page)
    assert page.get_by_text("request 17").is_visible()
    assert not Game.objects.exists()
    page.goto(f"/admin/games/erasure/{Erasure.objects.get().pk}/change/")
    expect_readable(page)
    page.goto("/admin/admin/logentry/")
    expect_readable(page)


@pytest.mark.parametrize(
    ("group", "seen", "other"),
    [("viewers", "c***@t***.ru", "cem@test.ru"), ("managers", "cem@test.ru", "c***@t***.ru")],
)
def test_viewer_sees_masked_what_a_manager_sees(
    open_as: SignedIn, group: str, seen: str, other: str
) -> None:
    page = open_as(group, viewport=DESKTOP)
    for address in (GAMES, PLAYS, f"{GAMES}{Game.objects.get().pk}/change/"):
        page.goto(address)
        assert page.get_by_text(seen).first.is_visible()
        assert other not in page.content()
