"""The second factor of staff."""

import re
import time
from types import SimpleNamespace
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

from testing.people import JSON, body, make_token, signed_in, with_token

TO_ACTIVATE = "/accounts/2fa/totp/activate/?next=%2Fadmin%2Fgames%2Fgame%2F"
PASSWORD = "correct horse battery"
# What a commit sets off happens within the request.
COMMITS = pytest.mark.django_db(transaction=True)


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


def secret_of(page: Any) -> str:
    [secret] = re.findall(r'id="authenticator_secret" value="(\w+)"', page.content.decode())
    return str(secret)


def test_staff_without_second_factor_are_redirected_to_set_it_up(boss: User) -> None:
    client = Client()
    sign_in(client)
    response = client.get("/admin/games/game/", follow=True)
    assert [url for url, _status in response.redirect_chain] == [
        "/admin/login/?next=/admin/games/game/",
        TO_ACTIVATE,
    ]
    answer = client.get("/api/games/")
    assert (answer.status_code, body(answer)) == (
        403,
        {"detail": "Staff must sign in with a second factor."},
    )


@COMMITS
def test_setting_up_leads_on_without_a_further_question(boss: User) -> None:
    client = Client()
    to_admin = {"login": "boss", "password": PASSWORD}
    reply = client.post("/admin/login/?next=/admin/games/game/", to_admin, follow=True)
    assert reply.redirect_chain[-1][0] == TO_ACTIVATE
    reply = client.post(TO_ACTIVATE, {"code": code(secret_of(reply))})
    codes = "/accounts/2fa/recovery-codes/"
    assert reply.headers["Location"] == codes
    page = client.get(codes).content.decode()
    assert 'href="/admin/login/"' in page
    reply = client.get("/admin/login/", follow=True)
    assert (reply.redirect_chain, reply.status_code) == ([("/admin/games/game/", 302)], 200)
    assert client.get("/api/games/").status_code == 200


@COMMITS
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
def test_set_up_leads_to_no_other_site(boss: User, target: str) -> None:
    client = Client()
    sign_in(client)
    page = client.get("/admin/login/", {"next": target}, follow=True)
    url = page.redirect_chain[-1][0]
    assert url == "/accounts/2fa/totp/activate/?next=%2Fadmin%2F"
    client.post(url, {"code": code(secret_of(page))})
    assert client.get("/admin/login/").headers["Location"] == "/admin/"


@COMMITS
def test_page_that_was_asked_for_is_forgotten_after_leading_there(boss: User) -> None:
    client = Client()
    sign_in(client)
    page = client.get("/admin/games/game/", follow=True)
    client.post(TO_ACTIVATE, {"code": code(secret_of(page))})
    targets = [client.get("/admin/login/").headers["Location"] for _ in range(2)]
    assert targets == ["/admin/games/game/", "/admin/"]


@COMMITS
def test_recovery_codes_alone_open_nothing(boss: User) -> None:
    """A session of before the set-up may make new codes, which does not show a factor."""
    client = Client()
    sign_in(client)
    TOTP.activate(boss, generate_totp_secret())
    client.post("/accounts/2fa/recovery-codes/generate/")
    assert Authenticator.objects.filter(type="recovery_codes").exists()
    assert client.get("/api/games/").status_code == 403


def test_password_is_asked_again_five_minutes_after_signing_in(
    boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    sign_in(client)
    assert client.get(TO_ACTIVATE).status_code == 200
    later = time.time() + 301
    monkeypatch.setattr("accounts.adapter.time", SimpleNamespace(time=lambda: later))
    monkeypatch.setattr(
        "allauth.account.internal.flows.reauthentication.time",
        SimpleNamespace(time=lambda: later),
    )
    reply = client.get(TO_ACTIVATE)
    assert reply.headers["Location"] == (
        f"/accounts/reauthenticate/?next={quote(TO_ACTIVATE, safe='')}"
    )
    reply = client.post(reply.headers["Location"], {"password": PASSWORD})
    assert reply.headers["Location"] == TO_ACTIVATE


@COMMITS
def test_app_that_sets_the_factor_up_may_go_on(boss: User) -> None:
    sent = {"username": "boss", "password": PASSWORD}
    answer = body(Client().post("/api/auth/app/v1/auth/login", sent, JSON))
    app = Client(headers={"X-Session-Token": answer["meta"]["session_token"]})
    totp = "/api/auth/app/v1/account/authenticators/totp"
    secret = body(app.get(totp))["meta"]["secret"]
    assert app.post(totp, {"code": code(secret)}, JSON).status_code == 200
    assert app.get("/api/games/").status_code == 200


def test_password_alone_is_not_enough_after_set_up(boss: User) -> None:
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


def test_recovery_code_works_once(boss: User) -> None:
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


def test_app_needs_the_second_factor_too(boss: User) -> None:
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


def test_tokens_need_no_second_factor(boss: User) -> None:
    assert with_token(make_token(boss)).get("/api/games/").status_code == 200


def test_players_need_no_second_factor(db: None) -> None:
    player = User.objects.create_user("player-1")
    answer = signed_in(player).get("/api/games/")
    assert body(answer)["detail"] == "You do not have permission to perform this action."


def test_admin_is_closed_to_players(db: None) -> None:
    client = signed_in(User.objects.create_user("player-1"))
    assert client.get("/admin/", follow=True).status_code == 403
