"""Accounts in a real browser: registration, second factor, reset, and how the pages look."""

import re
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.models import User
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.tests.people import make_player
from games.models import Game
from games.tests.browser.conftest import Complaints, NewPage
from games.tests.browser.test_accessibility import scheme, violations  # noqa: F401 - a fixture

PASSWORD = "correct horse battery"


def send(page: Page, **fields: str) -> None:
    """Fill in the form of the page and send it."""
    for name, value in fields.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main form button").first.click()


def mailed_link() -> str:
    [link, *_more] = re.findall(r"(http://\S+)", str(mail.outbox[-1].body))
    return str(link)


def code_of(page: Page) -> str:
    secret = page.locator("#authenticator_secret").input_value()
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    send(page, login=name, password=password)


def test_from_registration_to_erasure(new_page: NewPage) -> None:
    Game.objects.record(email="cem@test.ru")
    page = new_page("/accounts/signup/")
    send(page, email="Cem@Test.RU", password1=PASSWORD)
    expect(page.get_by_role("heading", name="Verify Your Email Address")).to_be_visible()
    page.goto(mailed_link())
    send(page)
    sign_in(page, "cem@test.ru")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
    expect(page.locator("main dl")).to_contain_text("cem@test.ru")
    with page.expect_download() as download:
        page.get_by_text("Download everything about me").click()
    assert download.value.suggested_filename == "my-data.json"
    send(page)
    expect(page.locator(".messages")).to_contain_text("We have sent you a link")
    page.goto(mailed_link())
    page.get_by_role("button", name="Erase everything").click()
    expect(page.locator("#game")).to_be_visible()
    assert not Game.objects.exists()
    assert not User.objects.exists()


def test_second_factor_of_staff(new_page: NewPage, settings: Any) -> None:
    settings.STAFF_REQUIRES_MFA = True
    User.objects.create_superuser("boss", password=PASSWORD)
    page = new_page("/admin/")
    send(page, login="boss", password=PASSWORD)
    send(page, password=PASSWORD)  # setting up a second factor asks once more
    expect(page.locator(".qr svg")).to_be_visible()
    assert page.locator(".qr svg").bounding_box()["width"] > 150  # type: ignore[index]
    send(page, code=code_of(page))
    spare = page.locator("#recovery_codes").input_value().split()
    assert len(spare) == 10
    page.goto("/admin/")
    send(page, code=spare[0])
    expect(page.get_by_role("heading", name="The campaign at a glance")).to_be_visible()


def test_reset(new_page: NewPage) -> None:
    make_player("cem@test.ru", PASSWORD)
    page = new_page("/accounts/password/reset/")
    send(page, email="cem@test.ru")
    page.goto(mailed_link())
    send(page, password1="another horse battery", password2="another horse battery")
    sign_in(page, "cem@test.ru", "another horse battery")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_axe_finds_nothing(
    new_page: NewPage,
    complaints: Complaints,
    scheme: str,  # noqa: F811 - the fixture
    locale: str,
) -> None:
    make_player("cem@test.ru", PASSWORD)
    page = new_page("/accounts/signup/", locale=locale, color_scheme=scheme)
    found = {"signup": violations(page)}
    send(page, email="cem@localhost.ru", password1="123")
    found["wrong"] = violations(page)
    for path in ("password/reset/", "password/reset/done/", "confirm-email/", "login/"):
        page.goto(f"/accounts/{path}")
        found[path] = violations(page)
    send(page, login="cem@test.ru", password=PASSWORD)
    for path in ("", "2fa/", "password/change/", "logout/", "reauthenticate/"):
        page.goto(f"/accounts/{path}")
        found[path] = violations(page)
    send(page, password=PASSWORD)
    page.goto("/accounts/2fa/totp/activate/")
    found["activate"] = violations(page)
    send(page, code=code_of(page))
    found["codes"] = violations(page)
    assert {state: each for state, each in found.items() if each} == {}
