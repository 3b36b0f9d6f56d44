"""Tokens: created and revoked in the admin, and used at the API."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from accounts.models import Token
from testing.people import body, make_staff, make_token, signed_in, with_token

TOKENS = "/admin/accounts/token/"


def form(days: int = 30, **values: Any) -> dict[str, Any]:
    expiry = timezone.localtime() + timedelta(days=days)
    moment = {"expiry_0": expiry.strftime("%Y-%m-%d"), "expiry_1": "12:00:00"}
    return {"name": "nightly job", "scope": "games:read"} | moment | values


@pytest.fixture
def clerk(db: None) -> User:
    """Return a member of staff who may create tokens."""
    return make_staff("clerk", "viewers", "add_token", "view_token", "delete_token")


def test_token_is_shown_once_and_only_its_hash_is_kept(clerk: User) -> None:
    client = signed_in(clerk)
    response = client.post(f"{TOKENS}add/", form())
    page = response.content.decode()
    [secret] = re.findall(r'<code id="secret">(\S+)</code>', page)
    assert "no-store" in response.headers["Cache-Control"]
    assert secret not in str(response.cookies)
    token = Token.objects.get()
    assert (token.name, token.user, token.scope) == ("nightly job", clerk, "games:read")
    assert secret not in {str(value) for value in vars(token).values()}
    pages = [client.get(TOKENS), client.get(f"{TOKENS}{token.pk}/change/")]
    assert [(each.status_code, secret in each.content.decode()) for each in pages] == [
        (200, False)
    ] * 2
    assert with_token(secret).get("/api/games/").status_code == 200
    assert not LogEntry.objects.filter(change_message__contains=secret).exists()


def test_revoked_token_is_refused(clerk: User) -> None:
    secret = make_token(clerk)
    token = Token.objects.get()
    signed_in(clerk).post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    assert with_token(secret).get("/api/games/").status_code == 401


@pytest.mark.parametrize("values", [{"days": -1}, {"expiry_0": "", "expiry_1": ""}])
def test_token_must_expire_in_the_future(clerk: User, values: Any) -> None:
    response = signed_in(clerk).post(f"{TOKENS}add/", form(**values))
    assert response.status_code == 200
    assert not Token.objects.exists()


def test_only_a_superuser_makes_tokens_of_other_accounts(clerk: User) -> None:
    boss = User.objects.create_superuser("boss")
    signed_in(clerk).post(f"{TOKENS}add/", form(user=boss.pk))
    signed_in(boss).post(f"{TOKENS}add/", form(user=clerk.pk, name="by the boss"))
    assert list(Token.objects.values_list("user", flat=True)) == [clerk.pk, clerk.pk]


def test_staff_see_and_revoke_only_their_own_tokens(clerk: User) -> None:
    make_token(User.objects.create_superuser("boss"), name="of the boss")
    token, client = Token.objects.get(), signed_in(clerk)
    assert b"of the boss" not in client.get(TOKENS).content
    client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    selected = {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"}
    client.post(TOKENS, selected)
    assert Token.objects.exists()


def test_form_offers_three_months(clerk: User) -> None:
    page = signed_in(clerk).get(f"{TOKENS}add/")
    expiry = page.context["adminform"].form.initial["expiry"]
    assert timedelta(days=89) < expiry - timezone.now() <= timedelta(days=90)


def test_tokens_need_the_right_to_add_them(db: None) -> None:
    clerk = make_staff("clerk", "managers")
    assert signed_in(clerk).post(f"{TOKENS}add/", form()).status_code == 403


def test_token_is_not_taken_from_the_query(clerk: User) -> None:
    secret = make_token(clerk)
    for name in ("token", "Authorization", "access_token", "api_key"):
        assert Client().get("/api/games/", {name: secret}).status_code == 401


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff", "Token x"])
def test_malformed_tokens_are_401(clerk: User, header: str) -> None:
    response = Client().get("/api/games/", HTTP_AUTHORIZATION=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Token"


def test_token_of_an_inactive_account_is_refused(clerk: User) -> None:
    client = with_token(make_token(clerk))
    assert client.get("/api/games/").status_code == 200
    clerk.is_active = False
    clerk.save()
    assert client.get("/api/games/").status_code == 401


def test_token_loses_the_rights_that_its_account_loses(clerk: User) -> None:
    client = with_token(make_token(clerk))
    clerk.groups.clear()
    assert client.get("/api/games/").status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_game"))
    assert client.get("/api/games/").status_code == 200
    clerk.is_staff = False
    clerk.save()
    assert client.get("/api/games/").status_code == 403


def test_last_use_is_stored_once_a_minute(clerk: User) -> None:
    client = with_token(make_token(clerk))
    client.get("/api/games/")
    used = Token.objects.get().last_used_at
    assert used is not None
    client.get("/api/games/")
    assert Token.objects.get().last_used_at == used
    Token.objects.update(last_used_at=used - timedelta(minutes=2))
    client.get("/api/games/")
    used_again = Token.objects.get().last_used_at
    assert used_again is not None
    assert used_again > used


def test_expired_token_is_refused_but_not_deleted(clerk: User) -> None:
    answer = with_token(make_token(clerk, days=-1)).get("/api/games/")
    assert body(answer) == {"detail": "The token is unknown, revoked or expired."}
    assert str(Token.objects.get()) == "job"


def test_token_opens_neither_the_admin_nor_ones_own_data(clerk: User) -> None:
    client = with_token(make_token(User.objects.create_superuser("boss")))
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/me/").status_code == 401
