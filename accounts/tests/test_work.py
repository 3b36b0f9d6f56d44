"""Each try of a password takes the same work, so that its time tells nothing about the account."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from testing.people import JSON, make_player

PASSWORD = "correct horse battery"
APP = "/api/auth/app/v1/auth/"


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the passwords that have been hashed."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def noted(self: Any, password: str, *args: Any, **kwargs: Any) -> str:
        hashed.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    return hashed


@pytest.fixture(autouse=True)
def _people(db: None) -> None:
    make_player("cem@test.ru", PASSWORD)
    make_player("out@test.ru", PASSWORD)
    User.objects.filter(email="out@test.ru").update(is_active=False)
    User.objects.create_superuser("boss", "boss@test.ru", PASSWORD)
    User.objects.create_superuser("ann@test.ru", "ann@test.ru", PASSWORD)
    User.objects.create_user("mute", "mute@test.ru")  # has no password


def try_page(name: str, password: str) -> int:
    sent = {"login": name, "password": password}
    return int(Client().post("/accounts/login/", sent).status_code)


def try_app(name: str, password: str) -> int:
    sent = {"email" if "@" in name else "username": name, "password": password}
    return int(Client().post(f"{APP}login", sent, JSON).status_code)


PLAYERS = ["cem@test.ru", "CEM@test.ru", "out@test.ru", "mute@test.ru", "eva@test.ru"]
STAFF = ["boss", "Boss", "boss@test.ru", "ann@test.ru", "nobody"]


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
@pytest.mark.parametrize("name", [*PLAYERS, *STAFF])
@pytest.mark.parametrize("way", [try_page, try_app])
def test_a_try_hashes_once(hashes: list[str], way: Any, name: str, password: str) -> None:
    hashes.clear()
    way(name, password)
    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["cem@test.ru", "boss", "eva@test.ru"])
@pytest.mark.parametrize("way", [try_page, try_app])
def test_a_locked_out_try_hashes_nothing(hashes: list[str], way: Any, name: str) -> None:
    for _ in range(5):
        way(name, "wrong")
    hashes.clear()
    assert way(name, PASSWORD) == 429
    assert hashes == []


@pytest.mark.parametrize("address", ["cem@test.ru", "boss@test.ru", "eva@test.ru"])
@pytest.mark.parametrize("way", ["page", "app"])
def test_signing_up_hashes_once(hashes: list[str], way: str, address: str) -> None:
    hashes.clear()
    sent = {"email": address, "password": PASSWORD, "password1": PASSWORD}
    if way == "page":
        Client().post("/accounts/signup/", sent)
    else:
        Client().post(f"{APP}signup", {"email": address, "password": PASSWORD}, JSON)
    assert len(hashes) == 1


@pytest.mark.parametrize("address", ["cem@test.ru", "out@test.ru", "eva@test.ru"])
@pytest.mark.parametrize("way", ["page", "app"])
def test_asking_for_a_new_password_hashes_nothing_and_mails_once(
    hashes: list[str], mailoutbox: list[Any], way: str, address: str
) -> None:
    hashes.clear()
    if way == "page":
        Client().post("/accounts/password/reset/", {"email": address})
    else:
        Client().post(f"{APP}password/request", {"email": address}, JSON)
    assert (hashes, len(mailoutbox)) == ([], 1)
