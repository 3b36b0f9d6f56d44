"""What visitor and developer read when a play is refused, limited or cannot be sent."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from games.models import Game, Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, finish_game, leave_address, sent_keys

API = "**/api/verification_mail/"
FIRST = "Welcome! This is your first game."
MORE = "[part=more]"
KEPT = " The game waits in this browser and is sent as soon as possible."
DAY = 24 * 3600 * 1000
STORE = """(plays) => localStorage.setItem("verification-mail.waiting", JSON.stringify(plays))"""
STORED = "JSON.parse(localStorage.getItem('verification-mail.waiting') ?? '[]')"


def answering(page: Page, status: int, body: Any = "<h1>No</h1>", **headers: str) -> None:
    if isinstance(body, dict):
        page.route(API, lambda route: route.fulfill(status=status, json=body, headers=headers))
        return
    kind = "text/html"
    page.route(API, lambda route: route.fulfill(status=status, body=body, content_type=kind))


def wait_after(page: Page, complaints: Complaints) -> None:
    """Send an address until the element says that the game waits.

    The clock goes in small steps, so that an answer comes before its request is given up.
    """
    finish_game(page)
    page.clock.install()
    leave_address(page, "cem@test.ru")
    for _step in range(200):
        if page.locator(MORE).is_visible():
            break
        page.clock.run_for(200)
    expect(page.locator(MORE)).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "seconds", "sentence"),
    [
        ("en-GB", 3480, "Too many plays. Try again later. Try again in 58 minutes."),
        ("en-GB", 20, "Too many plays. Try again later. Try again in 1 minute."),
        ("ru-RU", 86400, "Попробуйте снова через 24 часа."),
    ],
)
def test_limit_is_told_and_the_game_is_not_queued(
    new_page: NewPage, complaints: Complaints, locale: str, seconds: int, sentence: str
) -> None:
    page = new_page(locale=locale)
    keys = sent_keys(page)
    answering(
        page, 429, {"detail": "Too many plays. Try again later."}, **{"Retry-After": str(seconds)}
    )
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_contain_text(sentence)
    assert page.evaluate(STORED) == []
    page.unroute(API)
    page.reload()
    page.locator("verification-mail button[type=submit]").click()
    expect(answer(page)).to_be_visible()
    assert keys == [keys[0]] * 2
    complaints.expect("429 (Too Many Requests)")


@pytest.mark.parametrize(
    ("status", "visitor", "visitor_ru", "developer"),
    [
        (
            403,
            "The server’s protection did not let your game through. Another network may help.",
            "Защита сервера не пропустила игру.",
            "Let the firewall or proxy before it pass the request",
        ),
        (
            404,
            "This page is set up wrongly, so it cannot send games now. It is not your fault.",
            "Страница настроена неправильно",
            'Set "endpoint" to the API\'s address',
        ),
        (
            200,
            (
                "Your network answered instead of the server. You may have to sign in to it, "
                "as in a hotel or café."
            ),
            "Вместо сервера ответила ваша сеть.",
            "a network's sign-in page, or a wrong",
        ),
        (500, "We cannot reach the server.", "Сервер сейчас недоступен.", ""),
    ],
)
def test_answer_that_is_not_the_apis(
    new_page: NewPage,
    complaints: Complaints,
    status: int,
    visitor: str,
    visitor_ru: str,
    developer: str,
) -> None:
    page = new_page()
    answering(page, status)
    wait_after(page, complaints)
    expect(page.locator(MORE)).to_have_text(visitor + KEPT)
    if status != 200:
        complaints.expect(f"of {status}")
    if developer:
        assert len([each for each in complaints if developer in each]) == 1
        complaints.expect(developer)
    page = new_page(locale="ru-RU")
    answering(page, status)
    wait_after(page, complaints)
    expect(page.locator(MORE)).to_contain_text(visitor_ru)
    complaints.clear()


@pytest.mark.parametrize(
    ("status", "body", "visitor", "developer"),
    [
        (404, {"detail": "Not found."}, "This page is set up wrongly", 'Set "endpoint"'),
        (
            405,
            {"detail": 'Method "POST" not allowed.'},
            "This page is set up wrongly",
            "answered 405",
        ),
        (403, {"message": "Forbidden"}, "The server’s protection", "Let the firewall"),
        (406, "Not Acceptable", "The server’s protection", "answered 406"),
        (413, "Too large", "The server’s protection", "answered 413"),
        (401, {"error": "Log in"}, "The server’s protection", "answered 401"),
        (200, {"status": "ok"}, "Your network answered", "sign-in page"),
        (200, '{"games_count": 1', "Your network answered", "sign-in page"),
    ],
)
def test_json_that_is_not_the_apis(
    page: Page, complaints: Complaints, status: int, body: Any, visitor: str, developer: str
) -> None:
    answering(page, status, body)
    wait_after(page, complaints)
    expect(page.locator(MORE)).to_contain_text(visitor)
    complaints.expect(developer)
    complaints[:] = [each for each in complaints if "Failed to load resource" not in each]


def test_refusal_that_names_the_field_in_another_form_leaves_the_button(
    page: Page, complaints: Complaints
) -> None:
    answering(page, 400, {"email": "Not this one."})
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_have_text("Not this one.")
    expect(page.locator("[part=button]")).to_have_attribute("aria-disabled", "false")
    complaints.expect("400 (Bad Request)")


def test_limit_without_a_time(page: Page, complaints: Complaints) -> None:
    answering(page, 429)
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_have_text("Too many games in a short time.")
    complaints.expect("429 (Too Many Requests)")


def test_copy_of_the_tab_with_another_address_is_told(
    new_page: NewPage, complaints: Complaints
) -> None:
    page = new_page()
    finish_game(page)
    copied = page.evaluate("JSON.stringify(sessionStorage)")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    page.evaluate("(text) => Object.assign(sessionStorage, JSON.parse(text))", copied)
    page.reload()
    leave_address(page, "ana@test.ru")
    expect(page.locator("#error")).to_have_text("This game is already counted for another address.")
    page.get_by_role("button", name="Play again").click()
    finish_game(page)
    leave_address(page, "ana@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert sorted(Game.objects.values_list("email", "play_count")) == [
        ("ana@test.ru", 1),
        ("cem@test.ru", 1),
    ]
    complaints.expect("422")


def test_refusal_with_a_code_is_shown(page: Page, complaints: Complaints) -> None:
    answering(page, 403, {"detail": "The campaign is over.", "code": "not_running"})
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_have_text("The campaign is over.")
    code = page.evaluate(
        """import("/verification-mail.js").then(({ play }) =>
             play("cem@test.ru").catch(({ kind, code }) => [kind, code]))"""
    )
    assert code == ["refused", "not_running"]
    complaints.expect("403 (Forbidden)")


def test_offline_is_named(page: Page, complaints: Complaints) -> None:
    finish_game(page)
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(page.locator(MORE)).to_have_text("You are offline." + KEPT)
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_play_that_cannot_be_sent_says_so_and_is_sent_by_the_button(
    page: Page, complaints: Complaints
) -> None:
    keys = sent_keys(page)
    answering(page, 503, {"detail": "Later."})
    wait_after(page, complaints)
    expect(answer(page)).to_have_text("Your game is safe")
    for _try in range(20):
        page.clock.run_for(30_000)
    expect(answer(page)).to_have_text("Your game could not be sent yet")
    page.unroute(API)
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_have_text(FIRST)
    expect(answer(page)).to_be_focused()
    assert len(set(keys)) == 1
    assert page.evaluate(STORED) == []
    complaints.expect("503 (Service Unavailable)")


def test_try_again_in_vain_says_so(page: Page, complaints: Complaints) -> None:
    answering(page, 503, {"detail": "Later."})
    wait_after(page, complaints)
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_have_text("Your game could not be sent yet")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    complaints.expect("503 (Service Unavailable)")


def test_limit_met_by_a_waiting_play_is_told(page: Page, complaints: Complaints) -> None:
    answering(page, 503, {"detail": "Later."})
    wait_after(page, complaints)
    page.unroute(API)
    answering(page, 429, {"detail": "Too many plays."}, **{"Retry-After": "3600"})
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(MORE)).to_have_text("Too many plays. Try again in 60 minutes." + KEPT)
    assert len(page.evaluate(STORED)) == 1
    complaints.expect("503 (Service Unavailable)")
    complaints.expect("429 (Too Many Requests)")


@pytest.fixture
def old_play(page: Page) -> Callable[[float], None]:
    """Return a function that reloads the page with a play stored some days ago."""

    def store(days: float) -> None:
        since = page.evaluate("Date.now()") - days * DAY
        page.evaluate(STORE, [{"email": "cem@test.ru", "key": "old", "since": since}])
        page.reload()
        finish_game(page)

    return store


def test_expired_play_is_told_and_sent_only_by_the_button(
    page: Page, old_play: Callable[[float], None]
) -> None:
    keys = sent_keys(page)
    old_play(8)
    expect(page.locator("[part=unsent]")).to_contain_text("for cem@test.ru could not be sent.")
    page.reload()  # it is told until the visitor decides
    finish_game(page)
    expect(page.locator("[part=unsent]")).to_contain_text("could not be sent.")
    assert keys == []
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[part=note]")).to_have_text("Your earlier game has now been counted.")
    expect(page.locator("[part=unsent]")).to_have_count(0)
    assert keys == ["old"]
    assert Game.objects.get().play_count == 1


def test_expired_play_can_be_forgotten(page: Page, old_play: Callable[[float], None]) -> None:
    old_play(8)
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("[part=unsent]")).to_have_count(0)
    assert page.evaluate(STORED) == []
    assert not Play.objects.exists()


def test_expired_play_sent_in_vain_stays(
    page: Page, complaints: Complaints, old_play: Callable[[float], None]
) -> None:
    answering(page, 503, {"detail": "Later."})
    old_play(8)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Sending…")).to_have_count(0)
    expect(page.locator("[part=unsent]")).to_contain_text("could not be sent.")
    complaints.expect("503 (Service Unavailable)")


def test_earlier_play_that_is_refused_is_told(
    page: Page, complaints: Complaints, old_play: Callable[[float], None]
) -> None:
    answering(page, 403, {"detail": "The campaign is over.", "code": "not_running"})
    old_play(1)
    expect(page.locator("[part=note]")).to_contain_text("was not counted. The campaign is over.")
    assert page.evaluate(STORED) == []
    complaints.expect("403 (Forbidden)")


def test_answer_for_the_last_play_comes_during_the_next(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(API, hold, times=1)
    finish_game(page)
    with page.expect_request(API):
        leave_address(page, "cem@test.ru")
    page.locator("verification-mail").evaluate("(element) => element.reset()")
    expect(page.locator("#email")).to_be_visible()
    held[0].continue_()
    expect(page.locator("[part=note]")).to_have_text("Your earlier game has now been counted.")
    assert Play.objects.count() == 1
