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

from games.counting import NewPlay, count_play
from games.models import Game
from promo.tests.browser import axe
from promo.tests.browser.conftest import NewPage
from testing.people import make_player

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
    count_play(NewPlay("cem@test.ru"))
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


def sign_in_as_staff(page: Page, path: str = "/admin/") -> None:
    """Sign in as a new superuser at the staff door, where the page sends whoever asks for it."""
    User.objects.create_superuser("boss", password=PASSWORD)
    page.goto(path)
    give_password(page)


def give_password(page: Page) -> None:
    page.locator("[name=login]").fill("boss")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_staff_set_up_a_second_factor_on_the_way_to_the_console(
    new_page: NewPage, settings: Any
) -> None:
    settings.STAFF_REQUIRES_MFA = True
    page = new_page("")
    methods: list[str] = []
    page.on("request", lambda sent: methods.append(sent.method))
    sign_in_as_staff(page, "/admin/games/game/")
    expect(page.locator(".qr svg")).to_be_visible()
    assert page.locator(".qr svg").bounding_box()["width"] > 150  # type: ignore[index]
    send(page, code=code_of(page))
    assert page.locator("#recovery_codes li").count() == 10
    with page.expect_download() as download:
        page.get_by_text("Download as text").click()
    codes = page.locator("#recovery_codes li").all_inner_texts()
    assert download.value.path().read_text().split() == codes
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.get_by_role("link", name="Continue to the console").click()
    expect(page.get_by_role("heading", name="Players")).to_be_visible()
    assert page.url.endswith("/admin/games/game/")
    assert methods.count("POST") == 2  # the password and the first code


def test_passkey_signs_staff_in(new_page: NewPage, settings: Any) -> None:
    settings.STAFF_REQUIRES_MFA = True
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # the test's server has no TLS
    page = new_page("")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key: dict[str, Any] = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    key |= {"hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    sign_in_as_staff(page)
    page.get_by_role("link", name="Use a passkey instead").click()
    page.locator("[name=passwordless]").check()
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Continue to the console").click()
    expect(page.get_by_role("heading", name="The campaign at a glance")).to_be_visible()
    for path in ("/admin/games/game/", "/accounts/login/?next=/admin/games/game/"):
        page.context.clear_cookies()
        page.goto(path)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("heading", name="Players")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/admin/")
    give_password(page)
    page.get_by_role("button", name="Use a passkey or a security key").click()
    expect(page.get_by_role("heading", name="The campaign at a glance")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("heading", name="Master key")).to_be_visible()


def test_reset(new_page: NewPage) -> None:
    make_player("cem@test.ru", PASSWORD)
    page = new_page("/accounts/password/reset/")
    send(page, email="cem@test.ru")
    page.goto(mailed_link())
    send(page, password1="another horse battery", password2="another horse battery")
    sign_in(page, "cem@test.ru", "another horse battery")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_axe_finds_nothing(new_page: NewPage, locale: str) -> None:
    # The colours are the same in each language.
    violations = axe.violations_in_each_scheme if locale == "en-GB" else axe.violations
    make_player("cem@test.ru", PASSWORD)
    page = new_page("/accounts/signup/", locale=locale)
    found = {"signup": violations(page)}
    send(page, email="cem@localhost.ru", password1="123")
    found["wrong"] = violations(page)
    page.goto("/admin/")
    found["staff"] = violations(page)
    for path in ("password/reset/", "password/reset/done/", "confirm-email/", "login/"):
        page.goto(f"/accounts/{path}")
        found[path] = violations(page)
    send(page, login="cem@test.ru", password=PASSWORD)
    for path in ("", "2fa/", "password/change/", "logout/", "reauthenticate/"):
        page.goto(f"/accounts/{path}")
        found[path] = violations(page)
    send(page, password=PASSWORD)
    for path in ("2fa/webauthn/", "2fa/webauthn/add/", "2fa/totp/activate/"):
        page.goto(f"/accounts/{path}")
        found[path] = violations(page)
    send(page, code=code_of(page))
    found["codes"] = violations(page)
    page.context.clear_cookies()
    sign_in(page, "cem@test.ru")
    found["code"] = violations(page)
    assert {state: each for state, each in found.items() if each} == {}
