"""What visitor and developer read when a play is refused or limited, or another answers."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from games.models import Game
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import (
    answer,
    begin_again,
    finish_game,
    hurry,
    leave_address,
    sent_keys,
)

API = "**/api/verification_mail/"
FIRST = "Welcome! This is your first game."
MORE = "[part=more]"
KEPT = " The game waits in this browser and is sent as soon as possible."
STORED = "JSON.parse(localStorage.getItem('verification-mail.waiting') ?? '[]')"


def answering(page: Page, status: int, body: Any = "<h1>No</h1>", **headers: str) -> None:
    if isinstance(body, dict):
        page.route(API, lambda route: route.fulfill(status=status, json=body, headers=headers))
        return
    kind = "text/html"
    page.route(API, lambda route: route.fulfill(status=status, body=body, content_type=kind))


def wait_after(page: Page) -> None:
    """Send an address until the element says that the game waits."""
    finish_game(page)
    hurry(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator(MORE)).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "sentences"),
    [
        (
            "en-GB",
            {
                3480: "Too many plays. Try again later. Try again in 58 minutes.",
                20: "Too many plays. Try again later. Try again in 1 minute.",
            },
        ),
        ("ru-RU", {86400: "Попробуйте снова через 24 часа."}),
    ],
)
def test_limit_is_told_and_the_game_is_not_queued(
    new_page: NewPage, complaints: Complaints, locale: str, sentences: dict[int, str]
) -> None:
    page = new_page(locale=locale)
    keys = sent_keys(page)
    finish_game(page)
    body = {"detail": "Too many plays. Try again later."}
    for seconds, sentence in sentences.items():
        page.unroute(API)
        answering(page, 429, body, **{"Retry-After": str(seconds)})
        leave_address(page, "cem@test.ru")
        expect(page.locator("#error")).to_contain_text(sentence)
        assert page.evaluate(STORED) == []
    page.unroute(API)
    page.reload()
    page.locator("verification-mail button[type=submit]").click()
    expect(answer(page)).to_be_visible()
    assert keys == [keys[0]] * (len(sentences) + 1)
    complaints.expect("429 (Too Many Requests)")


NOT_THE_APIS = [
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
]


def test_answer_that_is_not_the_apis(page: Page, complaints: Complaints) -> None:
    for status, visitor, _visitor_ru, developer in NOT_THE_APIS:
        begin_again(page)
        answering(page, status)
        wait_after(page)
        expect(page.locator(MORE)).to_have_text(visitor + KEPT)
        if status != 200:
            complaints.expect(f"of {status}")
        if developer:
            assert len([each for each in complaints if developer in each]) == 1
            complaints.expect(developer)
        assert complaints == [], status


def test_answer_that_is_not_the_apis_in_russian(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page(locale="ru-RU")
    for status, _visitor, visitor, _developer in NOT_THE_APIS:
        begin_again(page)
        answering(page, status)
        wait_after(page)
        expect(page.locator(MORE)).to_contain_text(visitor)
    complaints.clear()


def test_json_that_is_not_the_apis(page: Page, complaints: Complaints) -> None:
    for status, body, visitor, developer in (
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
    ):
        begin_again(page)
        answering(page, status, body)
        wait_after(page)
        expect(page.locator(MORE)).to_contain_text(visitor)
        complaints.expect(developer)
        complaints[:] = [each for each in complaints if "Failed to load resource" not in each]
        assert complaints == [], (status, body)


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
    hurry(page)
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
