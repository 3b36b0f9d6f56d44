"""The element with the bot shield on: it fetches a key when the game starts."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from games.models import Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, finish_game, leave_address, sent_keys

FIRST = "Welcome! This is your first game."
KEYS = "**/api/play_keys/"
HOLD_WORK = """
    const digest = SubtleCrypto.prototype.digest;
    const held = new Promise((resolve) => { window.goOn = resolve; });
    SubtleCrypto.prototype.digest = async function (...data) {
        window.isWorking = true;
        await held;
        return digest.apply(this, data);
    };
"""


@pytest.fixture(autouse=True)
def shield(settings: Any) -> None:
    settings.PLAY_KEY_WORK = 100


def fetched_key(page: Page) -> str:
    """Wait until the key of a won game is fetched; return it."""
    kept = "Object.values(sessionStorage).map((each) => JSON.parse(each).key)[0]"
    while not (key := page.evaluate(kept)):
        page.wait_for_load_state("networkidle")
    return str(key)


def test_each_game_gets_a_key_of_the_server(new_page: NewPage) -> None:
    page = new_page()
    for _game in range(2):
        finish_game(page)
        leave_address(page, "cem@test.ru")
        expect(answer(page)).to_be_visible()
        page.get_by_role("button", name="Play again").click()
    assert Play.objects.count() == 2


def test_fetched_key_outlives_a_reload(new_page: NewPage) -> None:
    page = new_page()
    sent = sent_keys(page)
    finish_game(page)
    kept = fetched_key(page)
    page.reload()
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert sent[-1] == kept


def test_key_that_could_not_be_fetched_is_fetched_when_sending(
    new_page: NewPage, complaints: Complaints
) -> None:
    page = new_page("")
    page.route(KEYS, lambda route: route.abort(), times=1)
    page.goto("/")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    complaints.expect("net::ERR_FAILED")


def test_no_key_at_all_is_told_and_the_game_is_kept(
    new_page: NewPage, complaints: Complaints
) -> None:
    page = new_page("")
    page.route(KEYS, lambda route: route.abort())
    page.goto("/")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_have_text("We cannot reach the server.")
    complaints.expect("Failed to fetch")  # in the console, for the developer
    page.unroute(KEYS)
    page.reload()
    page.locator("verification-mail button[type=submit]").click()
    expect(answer(page)).to_have_text(FIRST)
    complaints.expect("net::ERR_FAILED")


def test_play_that_is_too_early_is_sent_again_by_itself(
    new_page: NewPage, settings: Any, complaints: Complaints
) -> None:
    settings.PLAY_SECONDS = 3600
    page = new_page()
    sent = sent_keys(page)
    finish_game(page)
    page.clock.install()
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Your game is safe")
    expect(page.locator("[part=more]")).to_have_text(
        "The game waits in this browser and is sent as soon as possible."
    )
    settings.PLAY_SECONDS = 0
    page.clock.run_for(3_600_000)
    expect(answer(page)).to_have_text(FIRST)
    assert sent[-1] == sent[-2]
    complaints.expect("403 (Forbidden)")


def test_key_that_the_server_no_longer_takes_is_replaced(
    new_page: NewPage, settings: Any, complaints: Complaints
) -> None:
    page = new_page()
    finish_game(page)
    fetched_key(page)
    settings.SECRET_KEY = "another"
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    complaints.expect("403 (Forbidden)")


def test_page_that_does_not_know_of_the_shield_fetches_a_key_when_sending(
    new_page: NewPage, complaints: Complaints
) -> None:
    page = new_page()
    page.locator("verification-mail").evaluate("(one) => one.removeAttribute('play-keys')")
    page.locator("verification-mail").evaluate("(one) => one.reset()")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert Play.objects.count() == 1
    complaints.expect("403 (Forbidden)")


def test_new_key_that_is_refused_too_is_told(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page()
    sent = sent_keys(page)
    refusal = {"detail": "Not a key of this site.", "code": "play_key_invalid"}
    page.route("**/api/verification_mail/", lambda route: route.fulfill(status=403, json=refusal))
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_have_text("Not a key of this site.")
    assert len(sent) == len(set(sent)) == 2
    complaints.expect("403 (Forbidden)")


def test_answer_that_tells_nothing(new_page: NewPage, settings: Any) -> None:
    settings.PLAY_KEY_WORK = 0
    page = new_page()
    told = {"esp_status": None, "games_status": None, "games_count": None}
    page.route("**/api/verification_mail/", lambda route: route.fulfill(json=told))
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Thank you! Your game has been counted.")


def test_key_that_never_comes_leaves_the_button(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page("")
    page.route(KEYS, lambda route: None)
    page.clock.install()
    page.goto("/")
    finish_game(page)
    with page.expect_request(KEYS):  # the second one, since the first was asked for with the page
        leave_address(page, "cem@test.ru")
        page.clock.run_for(15_000)
    page.clock.run_for(15_000)
    expect(page.locator("#error")).to_have_text("We cannot reach the server.")
    page.unroute(KEYS)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    complaints.expect("aborted")


def test_work_may_take_an_old_phone_minutes(new_page: NewPage) -> None:
    page = new_page("")
    page.context.add_init_script(HOLD_WORK)
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.method) if "play_keys" in each.url else None)
    page.clock.install()
    page.goto("/")
    finish_game(page)
    page.wait_for_function("window.isWorking")
    page.clock.run_for(300_000)
    page.evaluate("goOn()")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert asked == ["GET", "POST"]
