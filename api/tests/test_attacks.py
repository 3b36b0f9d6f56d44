"""Attacks on accounts, addresses and rights."""

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, User
from django.test import Client

from api.changes import version
from games.models import Game
from testing.campaign import make_game
from testing.factories import PLAYED_AT
from testing.people import EDITING, JSON, body, make_player, make_staff, signed_in

PASSWORD = "correct horse battery"
APP = "/api/auth/app/v1/"


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def player(db: None) -> User:
    return make_player("cem@test.ru", PASSWORD)


def guess(login: str, password: str = "wrong", **headers: str) -> Any:
    sent = {"login": login, "password": password}
    return Client().post("/accounts/login/", sent, headers=headers)


def app_session(address: str = "cem@test.ru") -> Client:
    sent = {"email": address, "password": PASSWORD}
    answer = body(Client().post(f"{APP}auth/login", sent, JSON))
    return Client(headers={"X-Session-Token": answer["meta"]["session_token"]})


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Wait a few minutes"), ("ru", "Подождите несколько минут")]
)
def test_lock_out_is_a_page_of_the_site(player: User, language: str, words: str) -> None:
    for _ in range(5):
        assert guess("cem@test.ru").status_code == 200
    locked = guess("cem@test.ru", PASSWORD, Accept_Language=language)
    assert (locked.status_code, words in locked.content.decode()) == (429, True)
    assert "games/" in locked.content.decode()  # its style


def test_lock_out_ignores_host_and_letter_case(player: User) -> None:
    statuses = [guess("cem@test.ru", Host=f"localhost:{port}").status_code for port in range(3)]
    statuses += [guess(name).status_code for name in ("Cem@test.ru", " cem@TEST.ru ")]
    assert statuses == [200] * 5
    assert guess("cem@test.ru", PASSWORD).status_code == 429
    sent = {"email": "cem@test.ru", "password": PASSWORD}
    answer = Client().post(f"{APP}auth/login", sent, JSON)
    assert (answer.status_code, body(answer)) == (429, {"status": 429})


def test_forged_proxy_header_does_not_avoid_the_limit(db: None) -> None:
    spoofed = [{"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"} for n in range(11)]
    answers = [guess(f"p{n}@test.ru", **headers) for n, headers in enumerate(spoofed)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ["cem@test.ru", "eva@test.ru"])
def test_app_cannot_change_the_address_of_the_account(
    player: User, method: str, address: str
) -> None:
    sent = json.dumps({"email": address, "primary": True})
    app_session().generic(method, f"{APP}account/email", sent, JSON)
    assert EmailAddress.objects.get().email == "cem@test.ru"


def test_page_cannot_change_the_address_of_the_account(player: User) -> None:
    client = signed_in(player)
    for action in ("add", "remove", "primary", "send"):
        for address in ("cem@test.ru", "eva@test.ru"):
            client.post("/accounts/email/", {f"action_{action}": "", "email": address})
    assert EmailAddress.objects.get().email == "cem@test.ru"


def test_only_the_primary_address_is_used(player: User) -> None:
    make_game("eva@test.ru", PLAYED_AT)
    EmailAddress.objects.create(user=player, email="eva@test.ru", verified=True)
    assert body(signed_in(player).get("/api/me/")) == {
        "email": "cem@test.ru",
        "game": None,
        "consents": [],
    }


@pytest.mark.parametrize("path", ["/accounts/signup/", f"{APP}auth/signup"])
def test_sign_up_gives_no_rights(db: None, path: str) -> None:
    more = {"is_staff": True, "is_superuser": True, "username": "boss", "groups": [1]}
    sent = {"email": "cem@test.ru", "password1": PASSWORD, "password": PASSWORD} | more
    client = Client()
    answer = client.post(path, sent, JSON) if "api" in path else client.post(path, sent)
    assert answer.status_code in {302, 401}
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.groups.count()) == (False, False, 0)
    assert user.username.startswith("player-")


@pytest.mark.parametrize("page", ["login", "logout", "signup"])
@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_next_does_not_redirect_to_another_site(player: User, page: str, target: str) -> None:
    sent = {"login": "cem@test.ru", "password": PASSWORD, "email": "x@test.ru", "next": target}
    sent["password1"] = PASSWORD
    client = signed_in(player) if page == "logout" else Client()
    response = client.post(f"/accounts/{page}/?next={target}", sent)
    assert response.status_code == 302
    assert "evil" not in response.headers["Location"]


def test_sessions_of_an_inactive_account_are_refused(player: User) -> None:
    sessions = [signed_in(player), app_session()]
    assert [each.get("/api/me/").status_code for each in sessions] == [200, 200]
    User.objects.update(is_active=False)
    assert [each.get("/api/me/").status_code for each in sessions] == [401, 401]


def test_new_password_ends_the_other_sessions(player: User) -> None:
    sessions = [signed_in(player), app_session()]
    player.set_password("another horse battery")
    player.save()
    assert [each.get("/api/me/").status_code for each in sessions] == [401, 401]


def test_session_cookie_is_hidden_from_scripts_and_other_sites(player: User) -> None:
    cookie = guess("cem@test.ru", PASSWORD).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


@pytest.mark.parametrize("path", ["login/", "signup/", "password/reset/", "logout/", ""])
def test_forms_of_other_sites_are_refused(player: User, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(player)
    assert client.post(f"/accounts/{path}", {}).status_code == 403


@pytest.mark.parametrize(
    "query",
    ["ordering=email", "email=cem@test.ru", "email__startswith=c", "o=email", "q=cem", "page=2"],
)
def test_queries_do_not_reveal_masked_addresses(db: None, query: str) -> None:
    for address in ("cem@test.ru", "ada@test.ru"):
        make_game(address, PLAYED_AT)
    viewer = signed_in(make_staff("viewer", "viewers"))
    shown = body(viewer.get("/api/games/"))["results"]
    assert body(viewer.get(f"/api/games/?{query}"))["results"] == shown


def test_no_other_field_can_be_set(db: None) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    before = Game.objects.values().get()
    editor = signed_in(make_staff("editor", "managers", *EDITING))
    sent = {"id": 99, "contact_state": "rejected", "contact_due_at": None, "contact_error": "x"}
    etag = {"If-Match": version(game)}
    for more, status in (({}, 400), ({"play_count": 1}, 200)):
        answer = editor.patch(f"/api/games/{game.pk}/", sent | more, JSON, headers=etag)
        assert answer.status_code == status
    assert Game.objects.values().get() == before
    editor.post("/api/games/", sent | {"email": "eva@test.ru", "play_count": 7}, JSON)
    new = Game.objects.get(email="eva@test.ru")
    assert (new.play_count, new.contact_state) == (0, "pending")


def test_duplicate_is_not_revealed_without_the_right_to_see_addresses(db: None) -> None:
    game, _other = make_game("cem@test.ru", PLAYED_AT), make_game("eva@test.ru", PLAYED_AT)
    clerk = signed_in(make_staff("clerk", "viewers", *EDITING))
    answers = [
        clerk.post("/api/games/", {"email": address}, JSON).status_code
        for address in ("eva@test.ru", "new@test.ru")
    ] + [
        clerk.patch(
            f"/api/games/{game.pk}/", {"email": address}, JSON, headers={"If-Match": version(game)}
        ).status_code
        for address in ("eva@test.ru", "new@test.ru")
    ]
    assert answers == [403] * 4


def test_group_gives_no_access_without_staff_status(db: None) -> None:
    player = make_player("cem@test.ru")
    player.groups.set(Group.objects.all())
    assert signed_in(player).get("/api/games/").status_code == 403
