"""What a visitor reads of a play that could not be sent, and what becomes of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from games.models import Game, Play
from promo.tests.browser.conftest import Complaints
from promo.tests.browser.element.test_refusals import (
    API,
    FIRST,
    KEPT,
    MORE,
    STORED,
    answering,
    wait_after,
)
from promo.tests.browser.player import answer, finish_game, leave_address, sent_keys

DAY = 24 * 3600 * 1000
STORE = """(plays) => localStorage.setItem("verification-mail.waiting", JSON.stringify(plays))"""


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
    page.clock.install()
    wait_after(page)
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
    wait_after(page)
    page.get_by_role("button", name="Try again").click()
    expect(answer(page)).to_have_text("Your game could not be sent yet")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    complaints.expect("503 (Service Unavailable)")


def test_limit_met_by_a_waiting_play_is_told(page: Page, complaints: Complaints) -> None:
    answering(page, 503, {"detail": "Later."})
    wait_after(page)
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
