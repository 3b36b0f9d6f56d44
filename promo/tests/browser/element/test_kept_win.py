"""A won game is kept for the tab until it is counted, and is counted once."""

import pytest
from playwright.sync_api import Page, Route, expect

from games.models import Game, Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, finish_game, leave_address, sent_keys

API = "**/api/verification_mail/"
FIRST = "Welcome! This is your first game."
WAITING = "Your game is safe"
DRAFTS = "Object.keys(sessionStorage)"


def win_slowly(page: Page) -> None:
    """Win in more turns and seconds than the fewest that there are."""
    page.clock.install()
    page.evaluate(
        """() => {
          const cards = [...document.querySelectorAll(".card")];
          cards.find((card) => card.dataset.stamp !== cards[0].dataset.stamp).click();
          cards[0].click();
        }"""
    )
    page.clock.run_for(41_000)
    finish_game(page)


def won(page: Page) -> tuple[str, str]:
    expect(page.locator("#leave")).to_be_visible()
    turns = page.locator("#took-turns").inner_text()
    return turns, page.locator("#took-seconds").inner_text()


def away_and_back(page: Page) -> None:
    page.goto("/accounts/login/")
    page.go_back()


def reload_page(page: Page) -> None:
    page.reload()


def switch_language(page: Page) -> None:
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")


@pytest.mark.parametrize("move", [reload_page, away_and_back, switch_language])
def test_win_and_typed_address_outlive(page: Page, move: object) -> None:
    win_slowly(page)
    result = won(page)
    assert result[0] == "7"
    assert int(result[1]) > 40
    page.locator("#email").press_sequentially("cem@test.ru")
    move(page)  # type: ignore[operator]
    assert won(page) == result
    expect(page.locator("#email")).to_have_value("cem@test.ru")
    page.locator("verification-mail button[type=submit]").click()
    expect(answer(page)).to_be_visible()
    assert Game.objects.get().play_count == 1


def test_counted_game_is_over_after_a_reload(page: Page) -> None:
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert page.evaluate(DRAFTS) == []
    page.reload()
    expect(page.locator("#board")).to_be_visible()
    expect(page.locator("#leave")).to_be_hidden()
    expect(page.locator("#email")).to_have_value("")


def test_typed_address_is_kept_before_a_win_but_no_key(page: Page) -> None:
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    page.get_by_role("button", name="Play again").click()
    page.reload()
    expect(page.locator("#email")).to_have_value("cem@test.ru")
    expect(page.locator("#board")).to_be_visible()


def test_lost_answer_then_reload_is_one_play(page: Page, complaints: Complaints) -> None:
    keys = sent_keys(page)

    def count_and_reload(route: Route) -> None:
        assert route.fetch().ok
        route.abort()

    finish_game(page)
    page.route(API, count_and_reload, times=1)
    with page.expect_event("requestfailed"):
        leave_address(page, "cem@test.ru")
    page.reload()
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert len(set(keys)) == 1
    assert Game.objects.get().play_count == 1
    complaints.clear()


def test_duplicated_tab_sends_the_same_play(page: Page) -> None:
    finish_game(page)
    with page.expect_popup() as opened:
        page.evaluate("void open('/')")  # gets a copy of the session storage
    twin = opened.value
    for each in (page, twin):
        won(each)
        leave_address(each, "cem@test.ru")
        expect(answer(each)).to_have_text(FIRST)
    assert Game.objects.get().play_count == Play.objects.count() == 1


def test_other_address_in_a_duplicated_tab_is_refused(page: Page, complaints: Complaints) -> None:
    finish_game(page)
    with page.expect_popup() as opened:
        page.evaluate("void open('/')")
    twin = opened.value
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    leave_address(twin, "ann@test.ru")
    expect(twin.locator("#error")).to_contain_text("another address")
    assert Play.objects.count() == 1


def test_waiting_play_is_shown_after_a_reload(page: Page, complaints: Complaints) -> None:
    finish_game(page)
    page.route(API, lambda route: route.fulfill(status=503, json={}, headers={"Retry-After": "60"}))
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(WAITING)
    page.reload()
    expect(answer(page)).to_have_text(WAITING)
    page.unroute(API)
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_have_text(FIRST)
    assert Play.objects.count() == 1
    complaints.expect("503 (Service Unavailable)")


def test_play_again_starts_with_a_new_key(page: Page, complaints: Complaints) -> None:
    keys = sent_keys(page)
    for _game in range(2):
        finish_game(page)
        leave_address(page, "cem@test.ru")
        expect(answer(page)).to_be_visible()
        page.get_by_role("button", name="Play again").click()
    assert len(set(keys)) == 2


def test_tab_without_storage_still_counts(new_page: NewPage) -> None:
    page = new_page("")
    page.context.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no') } })"
    )
    page.goto("/")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
