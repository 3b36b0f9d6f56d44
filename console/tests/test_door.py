"""The admin's door: who guesses at passwords, and from where."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from serving.client_address import client_address

LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    return User.objects.create_superuser("admin", password="right horse")


def sign_in(password: str, username: str = "admin", ip: str = "192.0.2.1", **extra: Any) -> Any:
    form = {"login": username, "password": password}
    return Client().post(LOGIN, form, REMOTE_ADDR=ip, **extra)


def lock_out(**extra: Any) -> None:
    statuses = [sign_in("wrong", **extra).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def page(client: Client | None = None) -> str:
    reply = (client or Client()).get("/admin/", follow=True)
    assert reply.redirect_chain == [("/admin/login/?next=/admin/", 302)]
    return reply.content.decode()


def test_admin_has_a_door_of_its_own() -> None:
    links = re.findall(r'<a [^>]*href="([^"]+)"', page())
    assert links == ["/accounts/password/reset/", "/"]


def test_door_leads_to_the_page_that_was_asked_for() -> None:
    form = {"login": "admin", "password": "right horse"}
    for path, target in [
        ("/admin/login/?next=/admin/games/game/", "/admin/games/game/"),
        ("/admin/login/?next=https://evil.example/", "/admin/"),
        ("/admin/login/?next=//evil.example/", "/admin/"),
        ("/admin/login/", "/admin/"),
    ]:
        assert Client().post(path, form).headers["Location"] == target


def test_doors_promise_no_mail_where_none_is_sent(settings: Settings) -> None:
    settings.MAIL_ENABLED = False
    for text in (page(), Client().get(LOGIN).content.decode()):
        assert "Ask your administrator for a new password." in text
        assert "/password/reset/" not in text
        assert "/signup/" not in text


def test_visitors_door_has_each_link_once() -> None:
    text = Client().get(LOGIN).content.decode()
    links = re.findall(r'<a [^>]*href="(/accounts[^"]+)"', text)
    assert links == ["/accounts/signup/", "/accounts/password/reset/"]


def test_guesses_at_both_doors_are_counted_together() -> None:
    lock_out()
    form = {"login": "admin", "password": "right horse"}
    assert Client().post("/admin/login/", form).status_code == 429


def test_wrong_password_is_told_at_the_staff_door() -> None:
    reply = Client().post("/admin/login/", {"login": "admin", "password": "wrong"})
    assert b"The username and/or password you specified are not correct." in reply.content


def test_guessing_is_locked_out_from_every_address() -> None:
    lock_out()
    for ip in ("192.0.2.1", "192.0.2.2"):
        assert sign_in("right horse", ip=ip).status_code == 429


def test_another_account_gets_in() -> None:
    User.objects.create_superuser("other", password="right horse")
    lock_out()
    assert sign_in("right horse", username="other").status_code == 302


def test_four_wrong_and_one_right_get_in() -> None:
    for _ in range(4):
        assert sign_in("wrong").status_code == 200
    assert sign_in("right horse").status_code == 302


def test_forged_header_is_no_way_around_the_limit_of_an_address() -> None:
    statuses = [
        sign_in("wrong", f"admin{n}", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(35)
    ]
    assert statuses[-1] == 429


def test_nothing_typed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    lock_out(username="cem@test.ru")
    assert "cem@test.ru" not in caplog.text


def test_session_ends_with_the_browser_and_with_the_day(settings: Settings) -> None:
    cookie = sign_in("right horse").cookies["sessionid"]
    assert (cookie["expires"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    assert settings.SESSION_COOKIE_AGE == 8 * 3600


@pytest.mark.parametrize(
    ("header", "sent", "address"),
    [
        ("", "192.0.2.9", "192.0.2.1"),
        ("X-Real-IP", "192.0.2.9", "192.0.2.9"),
        ("x-real-ip", " 2001:DB8::1 ", "2001:db8::1"),
        ("X-Real-IP", "", "192.0.2.1"),
        ("X-Real-IP", "cem@test.ru", "192.0.2.1"),
        ("X-Real-IP", "192.0.2.9, 192.0.2.8", "192.0.2.1"),
    ],
)
def test_client_address(settings: Settings, header: str, sent: str, address: str) -> None:
    settings.CLIENT_IP_HEADER = header
    request = RequestFactory().get("/", headers={"X-Real-IP": sent}, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address
