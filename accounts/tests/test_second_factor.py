"""The second factor: who must show it, where, and how."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.models import User
from django.test import Client

from accounts.tests.people import JSON, body, make_token, signed_in, with_token

TO_ACTIVATE = "/accounts/2fa/totp/activate/?next=%2Fadmin%2Fgames%2Fgame%2F"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.STAFF_REQUIRES_MFA = True


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def sign_in(client: Client, second: str = "") -> Any:
    response = client.post("/accounts/login/", {"login": "boss", "password": PASSWORD})
    if second:
        response = client.post(response.headers["Location"], {"code": second})
    return response


def test_without_it_staff_are_led_to_set_it_up(boss: User) -> None:
    client = Client()
    sign_in(client)
    response = client.get("/admin/games/game/", follow=True)
    assert [url for url, _status in response.redirect_chain] == [
        "/admin/login/?next=/admin/games/game/",
        TO_ACTIVATE,
        f"/accounts/reauthenticate/?next={quote(TO_ACTIVATE, safe='')}",
    ]
    answer = client.get("/api/games/")
    assert (answer.status_code, body(answer)) == (
        403,
        {"detail": "Staff must sign in with a second factor."},
    )


def test_setting_it_up_and_showing_it_opens_the_admin(boss: User) -> None:
    client = Client()
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    [secret] = re.findall(r'id="authenticator_secret" value="(\w+)"', page)
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    reply = client.get("/admin/", follow=True)
    assert reply.redirect_chain[-1][0] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    reply = client.post("/accounts/2fa/reauthenticate/?next=/admin/", {"code": codes[0]})
    assert reply.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/games/").status_code == 200


def test_password_alone_signs_nobody_in_who_has_set_it_up(boss: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    client = Client()
    sign_in(client)
    assert client.get("/api/games/").status_code == 401
    assert sign_in(client, "000000").status_code == 200
    assert client.get("/admin/").status_code == 302
    sign_in(client, code(secret))
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/?next=//evil.example/").headers["Location"] == "/admin/"
    assert client.get("/admin/login/?next=/admin/games/game/").headers["Location"] == (
        "/admin/games/game/"
    )


def test_recovery_code_is_good_once(boss: User) -> None:
    TOTP.activate(boss, generate_totp_secret())
    spare = RecoveryCodes.activate(boss).get_unused_codes()[0]
    first, second = Client(), Client()
    sign_in(first, spare)
    assert first.get("/admin/").status_code == 200
    assert sign_in(second, spare).status_code == 200
    assert second.get("/admin/").status_code == 302


def test_codes_cannot_be_guessed(boss: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    client = Client()
    page = client.post("/accounts/login/", {"login": "boss", "password": PASSWORD}).headers
    for guess in range(12):
        client.post(page["Location"], {"code": f"{guess:06}"})
    client.post(page["Location"], {"code": code(secret)})
    assert client.get("/admin/").status_code == 302


def test_app_needs_it_as_well(boss: User) -> None:
    app = Client()
    sent = {"username": "boss", "password": PASSWORD}
    token = body(app.post("/api/auth/app/v1/auth/login", sent, JSON))["meta"]["session_token"]
    asking = Client(headers={"X-Session-Token": token})
    assert asking.get("/api/games/").status_code == 403
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)
    answer = app.post("/api/auth/app/v1/auth/login", sent, JSON)
    assert answer.status_code == 401
    pending = Client(headers={"X-Session-Token": body(answer)["meta"]["session_token"]})
    assert pending.get("/api/games/").status_code == 401
    answer = pending.post("/api/auth/app/v1/auth/2fa/authenticate", {"code": code(secret)}, JSON)
    token = body(answer)["meta"]["session_token"]
    assert Client(headers={"X-Session-Token": token}).get("/api/games/").status_code == 200


def test_programs_have_none(boss: User) -> None:
    assert with_token(make_token(boss)).get("/api/games/").status_code == 200


def test_players_may_do_without(db: None) -> None:
    player = User.objects.create_user("player-1")
    answer = signed_in(player).get("/api/games/")
    assert body(answer)["detail"] == "You do not have permission to perform this action."


def test_who_is_no_staff_is_not_let_into_the_admin(db: None) -> None:
    client = signed_in(User.objects.create_user("player-1"))
    assert client.get("/admin/", follow=True).status_code == 403
