"""A visitor plays, leaves an address and reads the answer."""

import pytest
from playwright.sync_api import Page, expect

from games.models import Game, Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import (
    answer,
    click,
    fake_answer,
    finish_game,
    leave_address,
    look,
    play_game,
    press,
    tap,
)

LIMIT = 60_000  # bytes of everything that the page loads


def test_mouse_then_a_second_game_with_the_same_address(page: Page) -> None:
    play_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Welcome! This is your first game.")

    page.get_by_role("button", name="Play again").click()
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Good to see you again! This is your 2nd game.")

    assert Game.objects.get().play_count == 2
    keys = Play.objects.values_list("idempotency_key", flat=True)
    assert len(set(keys)) == 2
    assert None not in keys


def test_touch(new_page: NewPage) -> None:
    page = new_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
    play_game(page, tap)
    page.locator("#email").tap()
    page.keyboard.type("touch@test.ru")
    page.locator("verification-mail button[type=submit]").tap()
    expect(answer(page)).to_have_text("Welcome! This is your first game.")


def test_keyboard_alone(page: Page) -> None:
    play_game(page, press)
    expect(page.get_by_role("heading", name="All six pairs!")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("keys@test.ru")
    page.keyboard.press("Enter")
    expect(answer(page)).to_be_focused()
    expect(answer(page)).to_have_text("Welcome! This is your first game.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".card").first).to_be_focused()
    expect(page.locator("#turns")).to_have_text("0")


def test_arrow_keys_follow_rows_and_columns(page: Page) -> None:
    for width, columns in ((360, 3), (1280, 4)):
        page.set_viewport_size({"width": width, "height": 800})
        page.locator(".card").nth(1).focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".card").nth(1 + columns)).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(page.locator(".card").nth(1)).to_be_focused()


def test_different_stamps_are_closed_again(page: Page) -> None:
    # A closed card does not reveal its stamp.
    expect(page.locator(".card").first).to_have_attribute("aria-label", "Envelope 1")
    first = look(page, 0, click)
    other = next(
        number
        for number in range(1, 12)
        if page.locator(".card").nth(number).get_attribute("data-name") != first
    )
    look(page, other, click)
    expect(page.locator("#said")).to_contain_text("Not a pair")
    expect(page.locator(".card[data-state=closed]")).to_have_count(12)
    expect(page.locator("#turns")).to_have_text("1")
    expect(page.locator("#found")).to_have_text("0")


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_whole_board_fits_on_the_screen(new_page: NewPage, locale: str) -> None:
    page = new_page(locale=locale)
    for width, height in ((360, 640), (412, 640), (1280, 620)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(".card").last).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_error_of_the_server_beside_the_field(page: Page, complaints: Complaints) -> None:
    finish_game(page)
    leave_address(page, "cem@localhost")
    field = page.locator("#email")
    expect(field).to_have_accessible_description(
        "The part after the “@” must be a full domain, as in example.com."
        " By sending your address you agree to its processing."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    complaints.expect("400 (Bad Request)")

    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    assert Game.objects.get().play_count == 1


def test_wrong_address_is_not_sent(page: Page) -> None:
    finish_game(page)
    for text in ("", "cem", "cem@", "@test.ru"):
        leave_address(page, text)
        expect(page.locator("#error")).to_have_text(
            "Enter an email address, as in name@example.com."
        )
    assert not Game.objects.exists()


def test_consent_links_to_the_configured_url(new_page: NewPage, settings: object) -> None:
    settings.CONSENT_URL = "https://example.com/privacy"  # type: ignore[attr-defined]
    link = new_page().locator("#consent a")
    assert link.get_attribute("href") == "https://example.com/privacy"


def test_form_without_a_link_or_a_notice_beside_it(page: Page) -> None:
    expect(page.locator("#consent")).to_have_text(
        "By sending your address you agree to its processing."
    )
    expect(page.locator("#consent a")).to_have_count(0)
    finish_game(page)
    expect(page.locator("#email")).to_be_visible()
    expect(page.get_by_text("The form could not be loaded.")).to_be_hidden()


def test_russian_by_the_browser_and_english_by_the_switch(
    new_page: NewPage, complaints: Complaints
) -> None:
    page = new_page(locale="ru-RU")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    finish_game(page)
    leave_address(page, "cem@localhost")
    expect(page.locator("#error")).to_contain_text("После «@»")
    complaints.expect("400 (Bad Request)")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Добро пожаловать! Это ваша первая игра.")

    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading")).to_have_text(["Find the six pairs"])
    expect(page.locator("html")).to_have_attribute("lang", "en")


ANSWERS = {
    "en-GB": [
        (1, "Welcome! This is your first game.", "game"),
        (3, "Good to see you again! This is your 3rd game.", "games"),
        (11, "Good to see you again! This is your 11th game.", "games"),
        (21, "Good to see you again! This is your 21st game.", "games"),
    ],
    "ru-RU": [
        (1, "Добро пожаловать! Это ваша первая игра.", "игра"),
        (2, "С возвращением! Это ваша 2-я игра.", "игры"),
        (5, "С возвращением! Это ваша 5-я игра.", "игр"),
        (21, "С возвращением! Это ваша 21-я игра.", "игра"),
    ],
}


@pytest.mark.parametrize("locale", ANSWERS)
def test_plural_forms_of_the_answer(new_page: NewPage, locale: str) -> None:
    page = new_page(locale=locale)
    for count, sentence, word in ANSWERS[locale]:
        fake_answer(page, count)
        finish_game(page)
        leave_address(page, "cem@test.ru")
        expect(answer(page)).to_have_text(sentence)
        expect(page.locator("[part=number]")).to_have_text(str(count))
        expect(page.locator("[part=number]")).to_have_attribute("data-word", word)
        page.locator("#again").click()


@pytest.mark.parametrize(
    ("locale", "one", "few", "many"),
    [("en-GB", "turn", "turns", "turns"), ("ru-RU", "ход", "хода", "ходов")],
)
def test_plural_forms_of_the_game(
    new_page: NewPage, locale: str, one: str, few: str, many: str
) -> None:
    page = new_page(locale=locale)
    finish_game(page)
    turns = int(page.locator("#took-turns").inner_text())
    rule = page.evaluate(f"new Intl.PluralRules({locale!r}).select({turns})")
    forms = {"one": one, "few": few, "many": many, "other": many}
    unit = page.locator("#took-turns + span")
    expect(unit).to_have_text(forms[rule])
    for name in ("one", "few", "many"):
        expect(unit).to_have_attribute(f"data-{name}", forms[name])


def test_all_that_the_page_loads_is_small_its_own_and_no_cookie(
    new_page: NewPage, live_server: object
) -> None:
    page = new_page("")
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    page.goto("/", wait_until="networkidle")
    assert sum(sizes.values()) < LIMIT
    assert {url for url in sizes if not url.startswith(str(live_server))} == set()
    assert page.context.cookies() == []


def test_form_that_cannot_be_loaded_is_told(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page("")
    page.route("**/verification-mail-form.js", lambda route: route.abort())
    page.goto("/")
    finish_game(page)
    expect(page.get_by_text("The form could not be loaded.")).to_be_visible()
    page.get_by_role("button", name="Play again").click()
    expect(page.locator("#board")).to_be_visible()
    complaints.expect("net::ERR_FAILED")
