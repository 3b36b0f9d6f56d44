"""Strangers who guess do not lock a person out of a browser that the person has used before."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from accounts.sign_in import MAX_AGE
from testing.people import JSON, make_player

PASSWORD = "correct horse battery"
APP = "/api/auth/app/v1/auth/"


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", "boss@test.ru", PASSWORD)


def by_page(client: Client, password: str = PASSWORD, name: str = "boss") -> int:
    sent = {"login": name, "password": password}
    return int(client.post("/accounts/login/", sent).status_code)


def by_app(client: Client, password: str = PASSWORD, name: str = "boss") -> int:
    sent = {"email" if "@" in name else "username": name, "password": password}
    return int(client.post(f"{APP}login", sent, JSON).status_code)


def used_browser(way: Any = by_page) -> Client:
    """Return a browser in which boss has signed in, and out again."""
    client = Client()
    way(client)
    client.cookies.pop("sessionid", None)
    return client


def strangers_guess(ip: str = "192.0.2.66") -> None:
    """Lock out both names of boss."""
    for name in ("boss", "boss@test.ru"):
        for _ in range(5):
            assert by_page(Client(REMOTE_ADDR=ip), "wrong", name) in {200, 429}
    assert by_page(Client(REMOTE_ADDR="192.0.2.1")) == 429


@pytest.mark.parametrize("name", ["boss", "BOSS", "boss@test.ru"])
@pytest.mark.parametrize(("way", "signed_in"), [(by_page, 302), (by_app, 200)])
def test_known_browser_gets_in(boss: User, way: Any, signed_in: int, name: str) -> None:
    client = used_browser(way)
    strangers_guess()
    assert way(client, PASSWORD, name) == signed_in


def test_known_browser_gets_in_from_the_network_of_the_strangers(boss: User) -> None:
    client = used_browser()
    strangers_guess(ip="127.0.0.1")
    assert by_page(client) == 302


def test_known_browser_may_guess_five_times(boss: User) -> None:
    client = used_browser()
    assert [by_page(client, "wrong") for _ in range(6)] == [200] * 5 + [429]
    assert by_page(client, name="boss@test.ru") == 429
    assert by_app(client) == 429


def test_guesses_in_a_known_browser_lock_nobody_else_out(boss: User) -> None:
    stolen, own = used_browser(), used_browser()
    for _ in range(6):
        by_page(stolen, "wrong")
    assert [by_page(own), by_page(Client())] == [302, 302]


def test_right_password_begins_the_count_anew(boss: User) -> None:
    cookie = used_browser().cookies[f"known-browser-{boss.pk}"].value
    for cookies in ({}, {f"known-browser-{boss.pk}": cookie}):
        for password in (["wrong"] * 4 + [PASSWORD]) * 2:
            client = Client()
            client.cookies.load(cookies)
            assert by_page(client, password) == (302 if password == PASSWORD else 200)


def test_new_password_makes_the_cookie_worthless(boss: User) -> None:
    client = used_browser()
    boss.set_password("another horse battery")
    boss.save()
    strangers_guess()
    assert by_page(client, "another horse battery") == 429


def test_browser_stays_known_when_signing_in_renews_the_hash(boss: User) -> None:
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    client = used_browser()
    assert User.objects.get().password.startswith("md5")
    strangers_guess()
    assert by_page(client) == 302


def test_cookie_is_worthless_for_another_account(boss: User) -> None:
    clerk = User.objects.create_superuser("clerk", "clerk@test.ru", PASSWORD)
    client = Client()
    by_page(client, name="clerk")
    User.objects.update(password=clerk.password)  # even if they have the same hash
    cookie = client.cookies.pop(f"known-browser-{clerk.pk}").value
    client.cookies.clear()
    client.cookies[f"known-browser-{boss.pk}"] = cookie
    strangers_guess()
    assert by_page(client) == 429


@pytest.mark.parametrize("made_up", ["", "x", "a:b:c", "é", "x" * 4000])
def test_made_up_cookie_is_worthless(boss: User, made_up: str) -> None:
    client = Client()
    client.cookies[f"known-browser-{boss.pk}"] = made_up
    strangers_guess()
    assert by_page(client) == 429


@pytest.mark.parametrize(("age", "status"), [(MAX_AGE - 60, 302), (MAX_AGE + 60, 429)])
def test_cookie_ends_after_ninety_days(
    boss: User, monkeypatch: pytest.MonkeyPatch, age: int, status: int
) -> None:
    assert MAX_AGE == 90 * 86_400
    then = time.time() - age
    with monkeypatch.context() as patched:
        patched.setattr("django.core.signing.time", SimpleNamespace(time=lambda: then))
        client = used_browser()
    client.cookies[f"known-browser-{boss.pk}"]["max-age"] = ""  # this browser keeps it
    strangers_guess()
    assert by_page(client) == status


def test_two_people_may_share_a_browser(boss: User) -> None:
    User.objects.create_superuser("clerk", "clerk@test.ru", PASSWORD)
    client = used_browser()
    by_page(client, name="clerk")
    client.cookies.pop("sessionid")
    strangers_guess()
    assert by_page(client) == 302


@pytest.mark.parametrize("https", [True, False])
def test_cookie_is_hidden_from_scripts_and_other_sites(
    boss: User, settings: Any, https: bool
) -> None:
    settings.SESSION_COOKIE_SECURE = https
    cookie = used_browser().cookies[f"known-browser-{boss.pk}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert (bool(cookie["secure"]), cookie["max-age"]) == (https, MAX_AGE)


def test_only_a_finished_sign_in_makes_a_browser_known(boss: User) -> None:
    TOTP.activate(boss, generate_totp_secret())
    client = Client()
    assert by_page(client, "wrong") == 200
    assert by_page(client) == 302  # asks for the code
    assert set(client.cookies) & {f"known-browser-{boss.pk}"} == set()


def test_new_password_by_mail_ends_the_lock_out(boss: User, mailoutbox: list[Any]) -> None:
    strangers_guess()
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post("/accounts/password/reset/", {"email": "boss@test.ru"})
    link = next(word for word in str(mailoutbox[-1].body).split() if "/reset/key/" in word)
    form = client.get(link.removeprefix("http://testserver")).headers["Location"]
    new = "another horse battery"
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert by_page(client, new) == 302


def test_username_of_staff_goes_before_the_same_address_of_a_player(boss: User) -> None:
    User.objects.create_superuser("ann@test.ru", "", PASSWORD)
    make_player("ann@test.ru", "another horse battery")
    assert by_page(Client(), name="ann@test.ru") == 302


def test_unconfirmed_address_of_a_player_keeps_no_staff_out(boss: User) -> None:
    player = User.objects.create_user("player-1", "clerk@test.ru", "another horse battery")
    clerk = User.objects.create_superuser("clerk", "Clerk@test.ru", PASSWORD)
    assert player.pk < clerk.pk
    assert by_page(Client(), name="clerk@test.ru") == 302
