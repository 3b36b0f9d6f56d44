"""One's own data: reading it, and the erasure that a mailed link confirms."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail, signing
from django.test import Client

from games.models import Game, Play
from testing.campaign import make_game
from testing.factories import PLAYED_AT
from testing.people import JSON, body, make_player, make_staff, signed_in


@pytest.fixture
def player(db: None) -> User:
    make_game("cem@test.ru", PLAYED_AT, PLAYED_AT)
    make_game("eva@test.ru", PLAYED_AT)
    return make_player("cem@test.ru")


def link() -> str:
    return re.findall(r"http://testserver(/accounts/erasure/\S+)", str(mail.outbox[-1].body))[0]


@pytest.mark.parametrize("path", ["/api/me/erasure/", "/accounts/"])
def test_erasure_waits_for_the_confirmation_by_mail(player: User, path: str) -> None:
    signed_in(player).post(path)
    assert mail.outbox[0].to == ["cem@test.ru"]
    assert "cem" not in link()
    stranger = Client()  # the link works without signing in
    page = stranger.get(link())
    assert (page.status_code, Game.objects.count()) == (200, 2)
    assert stranger.post(link(), follow=True).status_code == 200
    assert list(Game.objects.values_list("email", flat=True)) == ["eva@test.ru"]
    assert Play.objects.count() == 1
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    assert stranger.get(link()).status_code == 404


def test_erasure_without_plays_erases_the_account(db: None) -> None:
    player = make_player("cem@test.ru")
    signed_in(player).post("/api/me/erasure/")
    Client().post(link())
    assert not User.objects.exists()


def test_staff_keep_their_account(db: None) -> None:
    make_game("cem@test.ru", PLAYED_AT)
    clerk = make_staff("clerk")
    EmailAddress.objects.create(user=clerk, email="cem@test.ru", verified=True, primary=True)
    signed_in(clerk).post("/api/me/erasure/")
    Client().post(link())
    assert User.objects.get() == clerk
    assert not Game.objects.exists()
    make_game("cem@test.ru", PLAYED_AT)
    assert Client().post(link()).status_code == 404  # the link is used
    assert Game.objects.exists()


OTHER_SALT = signing.dumps([1, "x", 0], salt="other")


@pytest.mark.parametrize("key", ["x", OTHER_SALT, "a:b:c"], ids=["no link", "other salt", "signs"])
def test_forged_links_are_404(player: User, key: str) -> None:
    assert Client().post(f"/accounts/erasure/{key}/").status_code == 404
    assert Game.objects.count() == 2


def test_link_expires_after_a_day(player: User, monkeypatch: Any) -> None:
    signed_in(player).post("/api/me/erasure/")
    assert Client().get(link()).status_code == 200
    monkeypatch.setattr("privacy.confirmed_wish.LINK_MAX_AGE", -1)
    assert Client().get(link()).status_code == 404


def test_link_is_invalid_after_the_address_changes(player: User) -> None:
    signed_in(player).post("/api/me/erasure/")
    EmailAddress.objects.update(email="eva@test.ru")
    assert Client().post(link()).status_code == 404
    EmailAddress.objects.update(email="cem@test.ru", verified=False)
    assert Client().post(link()).status_code == 404
    User.objects.update(is_active=False)
    assert Client().post(link()).status_code == 404
    assert Game.objects.count() == 2


def test_no_more_mails_than_five_an_hour(player: User) -> None:
    client = signed_in(player)
    statuses = [client.post("/api/me/erasure/").status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    assert b"Too many requests" in client.post("/accounts/", follow=True).content
    assert len(mail.outbox) == 5


def test_without_a_mail_server_no_link_is_promised(player: User, settings: Any) -> None:
    settings.MAIL_ENABLED = False
    text = "This site sends no mail. Ask its operator to erase your data."
    client = signed_in(player)
    answer = client.post("/api/me/erasure/")
    assert (answer.status_code, body(answer)) == (403, {"detail": text})
    page = client.get("/accounts/").content.decode()
    assert text in page
    assert "Erase everything about me" not in page
    assert client.post("/accounts/").status_code == 403
    assert mail.outbox == []


def test_browser_needs_the_csrf_token(player: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(player)
    assert client.post("/api/me/erasure/").status_code == 403
    assert mail.outbox == []


@pytest.mark.parametrize("values", [{"verified": False}, {"email": "cem@localhost"}])
def test_address_that_is_not_confirmed_shows_nothing(player: User, values: Any) -> None:
    EmailAddress.objects.update(**values)
    client = signed_in(player)
    for path in ("", "plays/", "export/"):
        assert client.get(f"/api/me/{path}").status_code == 403
    assert client.post("/api/me/erasure/").status_code == 403


def test_another_address_in_the_request_changes_nothing(player: User) -> None:
    client = signed_in(player)
    query: dict[str, Any] = {"email": "eva@test.ru", "address": "eva@test.ru", "id": 2, "game": 2}
    assert body(client.get("/api/me/", query))["email"] == "cem@test.ru"
    assert len(body(client.get("/api/me/plays/", query))["results"]) == 2
    client.post("/api/me/erasure/", query, JSON)
    assert mail.outbox[0].to == ["cem@test.ru"]


def test_page_of_the_account(player: User) -> None:
    page = signed_in(player).get("/accounts/").content.decode()
    assert "cem@test.ru" in page
    assert "<dd>2</dd>" in page
    assert "eva@test.ru" not in page


def test_export_names_no_staff(player: User) -> None:
    game = Game.objects.get(email="cem@test.ru")
    client = signed_in(make_staff("clerk", "managers", "change_count"))
    etag = client.get(f"/api/games/{game.pk}/").headers["ETag"]
    sent = {"play_count": 1}
    client.patch(f"/api/games/{game.pk}/", sent, JSON, headers={"If-Match": etag})
    [entry] = body(signed_in(player).get("/api/me/export/"))["log"]
    assert set(entry) == {"at", "what"}
    assert entry["what"] == "API: play_count."
