"""A play is counted exactly once in spite of network failures."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from games.models import Game, Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, finish_game, hurry, leave_address, sent_keys

API = "**/api/verification_mail/"
FIRST = "Welcome! This is your first game."
WAITING = "Your game is safe"
STORED = "localStorage.getItem('verification-mail.waiting')"
ADD = """([email, key]) => import("/verification-mail-waiting.js").then(
    ({ waitingPlays }) => waitingPlays.add({ email, key }))"""
PLAYS = """import("/verification-mail-waiting.js").then(
    ({ waitingPlays }) => waitingPlays.plays.map((play) => play.email))"""
RECORD_TIMERS = """() => {
    const setTimer = setTimeout;
    window.timers = [];  // delays in milliseconds
    window.setTimeout = (run, delay) => { timers.push(delay); return setTimer(run, delay); };
    }"""
TIMER_SET = """async (delay) => {
    for (let frame = 0; frame < 600 && !timers.includes(delay); frame += 1)
        await new Promise(requestAnimationFrame);
    return timers.includes(delay);
    }"""


def unavailable(route: Route) -> None:
    route.fulfill(status=503, json={"detail": "Later."}, headers={"Retry-After": "1"})


def lose_the_answer(route: Route) -> None:
    """Let the server count the play, but let the connection break before the answer."""
    assert route.fetch().ok
    route.abort()


def drop(route: Route) -> None:
    route.abort()


def sign_in_page_of_a_hotel(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to our WLAN</h1>")


def finish_offline(page: Page) -> None:
    finish_game(page)
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(WAITING)


def counted_once() -> bool:
    return Game.objects.get().play_count == Play.objects.count() == 1


@pytest.mark.parametrize(
    ("trouble", "complaint"),
    [
        (unavailable, "503 (Service Unavailable)"),
        (lose_the_answer, "net::ERR_FAILED"),
        (drop, "net::ERR_FAILED"),
        (sign_in_page_of_a_hotel, ""),
    ],
)
def test_tried_again_with_the_same_key(
    page: Page, complaints: Complaints, trouble: Callable[[Route], None], complaint: str
) -> None:
    keys = sent_keys(page)
    finish_game(page)
    page.route(API, trouble, times=2)
    hurry(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert counted_once()
    if complaint:
        complaints.expect(complaint)


def test_waits_as_long_as_the_server_asks(page: Page, complaints: Complaints) -> None:
    keys = sent_keys(page)
    busy = {"status": 429, "json": {}, "headers": {"Retry-After": "8"}}
    page.route(API, lambda route: route.fulfill(**busy), times=1)
    finish_game(page)
    page.clock.install()
    page.evaluate(RECORD_TIMERS)
    leave_address(page, "cem@test.ru")
    assert page.evaluate(TIMER_SET, 8_000)
    assert len(keys) == 1
    page.clock.run_for(8_000)
    expect(answer(page)).to_have_text(FIRST)
    assert keys == [keys[0]] * 2
    complaints.expect("429 (Too Many Requests)")


def seconds_until(page: Page, condition: Callable[[], bool]) -> int:
    """Advance the page's paused clock until the condition is true; return the time passed."""
    for seconds in range(400):
        if condition():
            return seconds
        page.clock.run_for(1000)
    raise TimeoutError


def test_offline_then_online(page: Page, complaints: Complaints) -> None:
    finish_offline(page)
    assert not Game.objects.exists()
    page.context.set_offline(False)
    expect(answer(page)).to_have_text(FIRST)
    assert counted_once()
    assert page.evaluate(STORED) is None
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_offline_then_another_visit(page: Page, complaints: Complaints) -> None:
    finish_offline(page)
    context = page.context
    page.close()  # a page that was only left may live on, and send by itself when it is online
    context.set_offline(False)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("[part=note]")).to_have_text(
        "Your earlier game has now been counted.", timeout=20_000
    )
    assert counted_once()
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_server_down_for_minutes(page: Page, complaints: Complaints) -> None:
    keys = sent_keys(page)
    finish_game(page)
    page.route(API, unavailable)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    leave_address(page, "cem@test.ru")
    seconds_until(page, lambda: answer(page).inner_text() == WAITING)
    tried = len(keys)
    seconds_until(page, lambda: len(keys) == tried + 3)
    page.unroute(API)
    assert seconds_until(page, lambda: answer(page).inner_text() == FIRST) > 5
    assert len(set(keys)) == 1
    assert counted_once()
    complaints.expect("503 (Service Unavailable)")


def test_play_waits_in_memory_without_local_storage(page: Page, complaints: Complaints) -> None:
    page.evaluate("void (Storage.prototype.setItem = () => { throw new DOMException('full') })")
    finish_offline(page)
    assert page.evaluate(STORED) is None
    page.context.set_offline(False)
    expect(answer(page)).to_have_text(FIRST)
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_server_that_never_answers_costs_the_visitor_15_seconds(page: Page) -> None:
    keys = sent_keys(page)
    page.route(API, lambda route: None)
    finish_game(page)
    page.clock.install()
    with page.expect_request(API):
        leave_address(page, "cem@test.ru")
    page.clock.run_for(15_001)
    expect(answer(page)).to_have_text(WAITING)
    assert len(keys) == 1


def test_double_click_sends_one_request(page: Page) -> None:
    keys = sent_keys(page)
    finish_game(page)
    page.locator("#email").fill("cem@test.ru")
    page.locator("[part=button]").dblclick()
    expect(answer(page)).to_have_text(FIRST)
    assert len(keys) == 1
    assert counted_once()


def test_storage_that_is_full_counts_each_play_once(page: Page, complaints: Complaints) -> None:
    """One play is stored already, the next one finds no room."""
    keys = sent_keys(page)
    page.context.set_offline(True)
    page.evaluate(ADD, ["ann@test.ru", "stored"])
    page.evaluate(
        """() => {
          const room = localStorage.getItem("verification-mail.waiting").length;
          const { setItem } = Storage.prototype;
          Storage.prototype.setItem = function (name, text) {
            if (text.length > room) throw new DOMException("full");
            setItem.call(this, name, text);
          };
          window.counted = [];
          document.addEventListener("counted", ({ detail }) => counted.push(detail.email));
        }"""
    )
    finish_offline(page)
    assert page.evaluate(PLAYS) == ["ann@test.ru", "cem@test.ru"]
    page.context.set_offline(False)
    expect(answer(page)).to_have_text(FIRST)
    assert page.evaluate("counted") == ["ann@test.ru", "cem@test.ru"]
    assert len(set(keys)) == len(keys) - 1 == 2  # the form's own play was tried offline
    assert page.evaluate(PLAYS) == []
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_refused_after_waiting(page: Page, complaints: Complaints) -> None:
    finish_game(page)
    page.context.set_offline(True)
    leave_address(page, "cem@localhost")
    expect(answer(page)).to_have_text(WAITING)
    page.context.set_offline(False)
    expect(page.locator("#error")).to_contain_text("must be a full domain")
    assert page.evaluate(STORED) is None
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")
    complaints.expect("400 (Bad Request)")


def test_corrected_address_keeps_the_key(page: Page, complaints: Complaints) -> None:
    """A refused play is not counted, so its key is not used up."""
    keys = sent_keys(page)
    finish_game(page)
    for address in ("cem@localhost", "cem@localhost", "cem@test.ru"):
        leave_address(page, address)
        expect(page.locator("[part=button]")).to_have_attribute("aria-disabled", "false")
    expect(answer(page)).to_have_text(FIRST)
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert counted_once()
    complaints.expect("400 (Bad Request)")


def test_key_on_a_page_loaded_by_plain_http(new_page: NewPage) -> None:
    page = new_page("")
    page.context.add_init_script("delete Crypto.prototype.randomUUID")
    page.goto("/")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text(FIRST)
    assert len(Play.objects.get().idempotency_key or "") == 32


def test_play_added_while_another_is_sent(page: Page) -> None:
    held: list[Route] = []
    page.route(API, lambda route: route.continue_() if held else held.append(route))
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    page.evaluate(ADD, ["cem@test.ru", "first"])
    seconds_until(page, lambda: len(held) == 1)
    page.evaluate(ADD, ["ann@test.ru", "second"])
    page.clock.run_for(20_000)  # its turn comes while the first is still under way
    held[0].continue_()
    seconds_until(page, lambda: Play.objects.count() == 2)
    assert Play.objects.filter(idempotency_key="second").exists()


def test_server_that_wants_to_be_left_alone_for_a_month_is(
    page: Page, complaints: Complaints
) -> None:
    keys = sent_keys(page)
    busy = {"status": 503, "json": {}, "headers": {"Retry-After": "2600000"}}
    page.route(API, lambda route: route.fulfill(**busy))
    page.clock.install()
    page.evaluate(RECORD_TIMERS)
    page.evaluate(ADD, ["cem@test.ru", "key"])
    page.clock.run_for(5000)  # the pause before its first try
    assert page.evaluate(TIMER_SET, 3_600_000)
    page.clock.run_for(3000_000)
    assert len(keys) == 1
    complaints.expect("503 (Service Unavailable)")
