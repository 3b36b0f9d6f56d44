"""The admin's door: who guesses at passwords, and from where."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from esp_mail.client import client_address

LOGIN = "/admin/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    return User.objects.create_superuser("admin", password="right horse")


def sign_in(password: str, username: str = "admin", ip: str = "192.0.2.1", **extra: Any) -> Any:
    form = {"username": username, "password": password}
    return Client().post(LOGIN, form, REMOTE_ADDR=ip, **extra)


def lock_out(**extra: Any) -> None:
    for _ in range(10):
        last = sign_in("wrong", **extra)
    assert last.status_code == 429


@pytest.mark.parametrize(
    ("language", "heading", "text"),
    [
        ("en", "Too many attempts", "is closed for 15 minutes."),
        ("ru", "Слишком много попыток", "на 15 минут"),
    ],
)
def test_guessing_is_locked_out(language: str, heading: str, text: str) -> None:
    lock_out()
    answer = sign_in("right horse", headers={"Accept-Language": language})
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert answer["Cache-Control"] == "no-store"
    assert f"<h1>{heading}</h1>" in answer.content.decode()
    assert text in answer.content.decode()


def test_another_address_and_another_account_get_in() -> None:
    User.objects.create_superuser("other", password="right horse")
    lock_out()
    assert sign_in("right horse", ip="192.0.2.2").status_code == 302
    assert sign_in("right horse", username="other").status_code == 302


def test_nine_wrong_and_one_right_get_in() -> None:
    for _ in range(9):
        assert sign_in("wrong").status_code == 200
    assert sign_in("right horse").status_code == 302
    assert not AccessAttempt.objects.exists()


def test_who_signs_in_comes_to_the_console() -> None:
    assert sign_in("right horse")["Location"] == "/admin/"


def test_forged_header_is_no_way_around_the_lock() -> None:
    lock_out()
    headers = {"X-Forwarded-For": "192.0.2.9", "X-Real-IP": "192.0.2.9"}
    assert sign_in("right horse", headers=headers).status_code == 429


def test_locks_are_seen_by_superusers(client: Client, account: User) -> None:
    lock_out(username="cem")
    client.force_login(account)
    assert "192.0.2.1" in client.get("/admin/axes/accessattempt/").content.decode()


def test_nothing_typed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    lock_out(username="cem@test.ru")
    assert "cem@test.ru" not in caplog.text
    assert "wrong" not in str(AccessAttempt.objects.values_list())


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
