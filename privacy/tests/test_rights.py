"""Each role before each page, action and URL guessed by hand."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urljoin

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from console.draw.models import Draw
from games.models import Game
from importing.models import ImportJob
from privacy.erasing import erase_person
from privacy.models import Erasure
from privacy.tests.conftest import CANARY, NOON
from serving.keyed_hash import keyed_hash
from testing.campaign import make_game
from testing.imports import IMPORTS

SignIn = Callable[[str], Client]
ROLES = ("viewers", "managers", "data protection", "superuser")
GAMES, PLAYS, LOG = "/admin/games/game/", "/admin/games/play/", "/admin/admin/logentry/"
DRAWS = "/admin/console/draw/"
MASKED = "q***@p***.ru"

# The page, and what viewers, managers, data protection and superusers are answered.
PAGES = [
    ("/admin/", 200, 200, 200, 200),
    (GAMES, 200, 200, 200, 200),
    (f"{GAMES}PK/change/", 200, 200, 200, 200),
    (f"{GAMES}PK/history/", 200, 200, 200, 200),
    (f"{GAMES}PK/delete/", 403, 403, 403, 403),
    (f"{GAMES}add/", 403, 403, 403, 200),
    (f"{GAMES}export/", 403, 200, 403, 200),
    (f"{GAMES}import/", 403, 200, 403, 200),
    (IMPORTS, 403, 200, 403, 200),
    (f"{IMPORTS}IMPORT/change/", 403, 200, 403, 200),
    (f"{IMPORTS}IMPORT/left-out.csv", 403, 200, 403, 200),
    (f"{IMPORTS}IMPORT/history/", 403, 200, 403, 200),
    (f"{IMPORTS}IMPORT/delete/", 403, 403, 403, 403),
    (f"{IMPORTS}add/", 403, 403, 403, 403),
    (DRAWS, 200, 200, 200, 200),
    (f"{DRAWS}DRAW/change/", 200, 200, 200, 200),
    (f"{DRAWS}DRAW/history/", 200, 200, 200, 200),
    (f"{DRAWS}DRAW/delete/", 403, 403, 403, 403),
    (f"{DRAWS}add/", 403, 200, 403, 200),
    (f"{DRAWS}export/?draw=DRAW", 403, 200, 403, 200),
    (f"{GAMES}person/", 403, 403, 200, 200),
    (f"{GAMES}person/PK/", 403, 403, 200, 200),
    (f"{GAMES}person/PK/json/", 403, 403, 200, 200),
    (f"{GAMES}person/erase/", 403, 403, 302, 302),
    (PLAYS, 200, 200, 200, 200),
    (f"{PLAYS}PLAY/change/", 200, 200, 200, 200),
    (f"{PLAYS}export/", 403, 200, 403, 200),
    (f"{PLAYS}add/", 403, 403, 403, 403),
    (f"{PLAYS}PLAY/history/", 200, 200, 200, 200),
    (f"{PLAYS}PLAY/delete/", 403, 403, 403, 403),
    ("/admin/games/erasure/", 403, 403, 200, 200),
    ("/admin/games/erasure/ERASURE/change/", 403, 403, 200, 200),
    (LOG, 403, 403, 200, 200),
    (f"{LOG}ENTRY/change/", 403, 403, 200, 200),
    (f"{LOG}ENTRY/delete/", 403, 403, 403, 403),
    ("/admin/auth/user/", 403, 403, 403, 200),
    ("/admin/auth/user/add/", 403, 403, 403, 200),
    ("/admin/auth/user/USER/change/", 403, 403, 403, 200),
    ("/admin/auth/user/USER/password/", 403, 403, 403, 200),
    ("/admin/auth/user/USER/history/", 403, 403, 403, 200),
    ("/admin/auth/group/", 403, 403, 403, 200),
    ("/admin/password_change/", 200, 200, 200, 200),
    ("/admin/esp/mockcontact/", 403, 403, 403, 200),
]
# What a guess in the URL is answered: nobody's list is narrowed by an address but by a search.
GUESSES = [
    f"{GAMES}?email={CANARY}",
    f"{GAMES}?email__startswith=qzx",
    f"{GAMES}?email__regex=^q",
    f"{GAMES}?plays__game__email=qzx",
    f"{GAMES}?plays__idempotency_key=qzx",
    f"{GAMES}{CANARY}/change/?_to_field=email",
    f"{GAMES}?_to_field=email&_popup=1&email__contains=qzx",
    f"{GAMES}?_facets=True&email__contains=qzx",
    f"{PLAYS}?game__email={CANARY}",
    f"{PLAYS}?game__email__startswith=qzx",
    f"{PLAYS}?idempotency_key=qzx",
]


def fill(page: str, game: Game) -> str:
    """Return the page's URL with the numbers of rows that are there."""
    erasure, _ = Erasure.objects.get_or_create(digest="0", reason="asked", esp_state="done")
    entry = LogEntry.objects.first()
    play = game.plays.all()[0].pk
    numbers = {"PK": game.pk, "PLAY": play, "ERASURE": erasure.pk, "ENTRY": entry and entry.pk}
    numbers["IMPORT"] = ImportJob.objects.get_or_create(file_name="a.csv", language="en")[0].pk
    draw: dict[str, Any] = {"winners": 1, "plays_until": NOON, "candidates": 1}
    numbers["DRAW"] = Draw.objects.get_or_create(**draw)[0].pk
    numbers["USER"] = User.objects.get_or_create(username="somebody")[0].pk
    return re.sub(r"\b[A-Z]{2,}\b", lambda name: str(numbers[name[0]]), page)


def body(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    return str(content.decode(errors="replace"))


@pytest.mark.parametrize("row", PAGES, ids=[row[0] for row in PAGES])
def test_pages(sign_in: SignIn, game: Game, row: tuple[Any, ...]) -> None:
    page, *expected = row
    clients = [sign_in(role) for role in ROLES]
    clients[-1].get(f"{GAMES}person/{game.pk}/")  # so that the log has an entry
    url = fill(page, game)
    assert [client.get(url).status_code for client in clients] == expected


def test_strangers_see_the_login_only(client: Client, game: Game) -> None:
    for page, *_answers in PAGES:
        if "ENTRY" not in page:
            assert client.get(fill(page, game))["Location"].startswith("/admin/login/?next="), page


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("url", GUESSES)
def test_address_guessed_in_a_url_is_refused(
    sign_in: SignIn, game: Game, role: str, url: str
) -> None:
    answer = sign_in(role).get(url)
    assert answer.status_code == 400
    assert CANARY not in body(answer)


@pytest.mark.parametrize("page", [GAMES, PLAYS])
@pytest.mark.parametrize("term", [CANARY, "qzx", "pqzrst", "nobody@test.ru"])
def test_viewers_search_tells_nothing(sign_in: SignIn, game: Game, page: str, term: str) -> None:
    viewer = sign_in("viewers")
    answer = viewer.get(page, {"q": term})
    assert answer.context["cl"].result_count == viewer.get(page).context["cl"].result_count
    assert 'id="searchbar"' not in body(answer)


@pytest.mark.parametrize("extra", ["_facets=True", "_popup=1", "_to_field=id", "all=", "p=9"])
def test_variants_of_the_lists_are_masked_too(sign_in: SignIn, game: Game, extra: str) -> None:
    viewer = sign_in("viewers")
    for page in (GAMES, PLAYS):
        answer = viewer.get(f"{page}?{extra}", follow=True)
        assert answer.status_code == 200
        assert CANARY not in body(answer)


def test_parts_of_rights_answer_no_guess(sign_in: SignIn, game: Game) -> None:
    """Rights that a superuser gave one by one, without that to see addresses."""
    viewer = sign_in("viewers")
    account = User.objects.get(username="viewers")
    for name in ("add_game", "export_game", "import_game"):
        account.user_permissions.add(Permission.objects.get(codename=name))
    for page in (f"{GAMES}add/", f"{GAMES}export/", f"{PLAYS}export/", f"{GAMES}import/"):
        assert viewer.get(page).status_code == 403
        assert viewer.post(page, {"email": CANARY}).status_code == 403


def test_nobody_but_a_superuser_makes_superusers(sign_in: SignIn, game: Game) -> None:
    """Also who has all of Django's rights to accounts and groups."""
    manager = sign_in("managers")
    account = User.objects.get(username="managers")
    account.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    own = f"/admin/auth/user/{account.pk}/"
    form = {"username": "managers", "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    assert manager.post(f"{own}change/", form).status_code == 403
    passwords = {"password1": "right horse", "password2": "right horse"}
    assert manager.post(f"{own}password/", passwords).status_code == 403
    assert manager.post("/admin/auth/group/1/change/", {"name": "x"}).status_code == 403
    assert manager.post("/admin/auth/user/add/", {"username": "x"} | passwords).status_code == 403
    assert "/admin/auth/" not in body(manager.get("/admin/"))
    account.refresh_from_db()
    assert not account.is_superuser


def test_domain_of_few_is_not_shown_to_viewers(sign_in: SignIn, game: Game) -> None:
    for number in range(5):
        make_game(f"player{number}@many.ru", NOON)
    cache.clear()
    viewer = sign_in("viewers")
    for page in ("/admin/", "/api/games/stats/"):
        assert "many.ru" in body(viewer.get(page))
        assert "pqzrst" not in body(viewer.get(page))
    manager = sign_in("managers")
    assert "pqzrst" in body(manager.get("/admin/"))
    assert "pqzrst" in body(manager.get("/api/games/stats/"))


def test_managers_search_finds(sign_in: SignIn, game: Game) -> None:
    manager = sign_in("managers")
    assert 'id="searchbar"' in body(manager.get(GAMES))
    assert manager.get(GAMES, {"q": CANARY}).context["cl"].result_count == 1
    assert manager.get(GAMES, {"q": "nobody@test.ru"}).context["cl"].result_count == 0
    assert CANARY in body(manager.get(GAMES))
    assert CANARY in body(manager.get(f"{GAMES}{game.pk}/change/"))


def test_viewer_cannot_order_by_address(sign_in: SignIn, game: Game) -> None:
    make_game("aaa@test.ru", NOON)
    make_game("zzz@test.ru", NOON)

    def orders(client: Client, *columns: str) -> list[list[str]]:
        return [
            [row.email for row in client.get(GAMES, {"o": order}).context["cl"].result_list]
            for order in ("", *columns)
        ]

    # A manager's first column is the boxes of the actions.
    plain, up, down = orders(sign_in("viewers"), "0", "-0")
    assert plain == up == down
    plain, up, down = orders(sign_in("managers"), "1", "-1")
    assert up == sorted(plain) == down[::-1]


def test_autocomplete_answers_no_guess(sign_in: SignIn, game: Game) -> None:
    query = {"app_label": "games", "model_name": "play", "field_name": "game", "term": "qzx"}
    assert sign_in("viewers").get("/admin/autocomplete/", query).status_code in (403, 404)
    assert CANARY not in body(sign_in("managers").get("/admin/autocomplete/", query))


def test_officer_filters_erasures_by_their_state_only(sign_in: SignIn) -> None:
    erase_person(CANARY, reason="asked")
    officer = sign_in("data protection")
    url = "/admin/games/erasure/?esp_state__exact="
    assert officer.get(f"{url}pending").context["cl"].result_count == 1
    assert officer.get(f"{url}done").context["cl"].result_count == 0
    for guess in ("email__startswith=qzx", f"digest={keyed_hash(CANARY)}", "keys__digest=x"):
        assert officer.get(f"/admin/games/erasure/?{guess}").status_code == 400


ACTIONS = {
    "deliver_now": (0, 1, 0, 1),
    "deliver_again": (0, 1, 0, 1),
    "delete_selected": (0, 0, 0, 0),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_actions(sign_in: SignIn, game: Game, action: str) -> None:
    done = []
    for role in ROLES:
        before = LogEntry.objects.count()
        selected = {"action": action, "_selected_action": [game.pk], "post": "yes"}
        sign_in(role).post(GAMES, selected)
        done.append(LogEntry.objects.count() - before)
    assert tuple(done) == ACTIONS[action]
    assert Game.objects.filter(pk=game.pk).exists()


FORBIDDEN = {
    f"{GAMES}person/": {"address": CANARY},
    f"{GAMES}person/erase/": {"address": CANARY, "reason": "asked"},
    f"{GAMES}export/": {"format": "0"},
    f"{PLAYS}export/": {"format": "0"},
    f"{GAMES}add/": {"email": CANARY},
}


@pytest.mark.parametrize("url", [*FORBIDDEN, f"{GAMES}import/"])
def test_viewer_can_send_nothing(sign_in: SignIn, game: Game, url: str) -> None:
    sent: dict[str, Any] = dict(FORBIDDEN.get(url, {}))
    if "import" in url:
        sent = {"import_file": SimpleUploadedFile("a.csv", b"email"), "format": "0"}
    answer = sign_in("viewers").post(url, sent)
    assert answer.status_code == 403
    assert CANARY not in body(answer)
    assert Game.objects.filter(pk=game.pk).exists()


def test_nothing_a_viewer_can_reach_holds_an_address(sign_in: SignIn, game: Game) -> None:
    """Follow every link, as far as there are any."""
    sign_in("managers").post(GAMES, {"action": "deliver_now", "_selected_action": [game.pk]})
    viewer = sign_in("viewers")
    # Clients choose their keys.
    game.plays.filter(number=1).update(idempotency_key=CANARY)
    seen: set[str] = set()
    waiting = [fill(page, game) for page, *_ in PAGES if "ENTRY" not in page]
    waiting += [url for url in GUESSES if CANARY not in url]
    waiting += ["/admin/search/?s=qzx", "/admin/search/?s=qzx&extended=1"]
    while waiting:
        url = waiting.pop().partition("#")[0]
        # One of each kind: the orders and filters of a list can be combined without an end.
        kind = re.sub(r"=[^&]*", "", url) if "?o=" in url or "&" in url else url
        if kind in seen or not url.startswith("/admin/") or "logout" in url:
            continue
        seen.add(kind)
        answer = viewer.get(url)
        text = body(answer)
        answered = f"{text}{unquote(str(answer.headers))}".lower()
        assert "canary" not in answered, url
        assert "pqzrst" not in answered, url
        links = re.findall(r'(?:href|action|data-[a-z-]*url)="([^"]*)"', text)
        waiting += [urljoin(url, link.replace("&amp;", "&")) for link in links]
    assert f"{GAMES}{game.pk}/change/" in seen
    assert f"{PLAYS}?game__id__exact={game.pk}" in seen
    assert MASKED in body(viewer.get(f"{GAMES}{game.pk}/change/"))
    assert MASKED in body(viewer.get(GAMES))
    assert MASKED in body(viewer.get(PLAYS))


def test_pages_of_staff_are_kept_out_of_caches_and_search_engines(
    sign_in: SignIn, game: Game
) -> None:
    officer = sign_in("data protection")
    for url in ("/admin/", GAMES, f"{GAMES}person/{game.pk}/json/", "/admin/nowhere/"):
        answer = officer.get(url)
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "X-Robots-Tag" not in officer.get("/")
    assert body(officer.get("/robots.txt")) == "User-agent: *\nDisallow: /api/\n"
