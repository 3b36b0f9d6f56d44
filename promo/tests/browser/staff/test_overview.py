"""The overview in a real browser: on a phone, with its range, and while it refreshes itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.utils import timezone
from playwright.sync_api import Page, Request

from promo.tests.browser.staff.conftest import PHONE, SignedIn
from testing.campaign import make_game

MOST_HEIGHT = 1500  # px, of the page on a phone
MINUTE = 61_000  # ms
TODAY = "g.console-unfinished"


@pytest.fixture
def overview(signed_in: SignedIn) -> Any:
    """Return a function that opens the overview in a new context, with a clock of its own."""
    User.objects.create_superuser("admin")
    now = timezone.now()
    for n in range(40):
        times = [now - timedelta(days=n), *[now] * (n % 2)]
        make_game(f"player{n}@site{n % 12}.ru", *times, state="pending" if n == 1 else "added")

    def open_overview(query: str = "", **options: Any) -> Page:
        caches["process"].clear()
        page = signed_in(User.objects.get(), **options)
        page.clock.install()
        page.goto(f"/admin/{query}")
        page.locator("#overview").wait_for()
        return page

    return open_overview


def count_requests(page: Page) -> list[Request]:
    """Return the list to which the page's own requests for new figures are added."""
    requests: list[Request] = []
    page.on("request", lambda r: requests.append(r) if r.resource_type == "fetch" else None)
    return requests


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_on_a_phone(overview: Any, locale: str) -> None:
    """Today is in view, the page is short, the figures align and stay within their card."""
    page = overview(viewport=PHONE, locale=locale)
    assert page.evaluate("document.documentElement.scrollHeight") <= MOST_HEIGHT
    for bar in page.locator(f"{TODAY} rect").all():
        place = bar.bounding_box()
        assert place["x"] + place["width"] <= PHONE["width"]
        assert place["y"] + place["height"] <= PHONE["height"]
    edges = [
        {round(cell.bounding_box()["x"] + cell.bounding_box()["width"]) for cell in cells}
        for cells in (page.locator(f".console-funnel td:nth-child({n})").all() for n in (3, 4))
    ]
    assert [len(edge) for edge in edges] == [1, 1]
    card = page.locator(".console-card").first
    assert card.evaluate("card => card.scrollWidth - card.clientWidth") == 0
    table = page.locator(".console-funnel").bounding_box()
    room = card.bounding_box()
    assert table["x"] + table["width"] <= room["x"] + room["width"] - 12


def test_own_dates_stay_in_the_address(overview: Any) -> None:
    page = overview()
    today = timezone.localdate()
    first, last = today - timedelta(days=4), today - timedelta(days=2)
    page.get_by_text("Own dates").click()
    page.get_by_label("From").fill(first.isoformat())
    page.get_by_label("To").fill(last.isoformat())
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(f"**/admin/?from={first}&to={last}")
    page.reload()
    assert page.locator("rect.console-new").count() == 3
    page.get_by_role("link", name="7 days").click()
    page.wait_for_url("**/admin/?range=7")
    assert page.get_by_role("link", name="7 days").get_attribute("aria-current") == "true"
    page.locator("#days-table summary").click()
    with page.expect_download() as download:
        page.locator("#days-table").get_by_role("link", name="Download as CSV").click()
    name = f"overview-days-{today - timedelta(days=6)}-{today}.csv"
    assert download.value.suggested_filename == name


def test_refreshes_itself_and_leaves_focus_scrolling_and_open_parts(overview: Any) -> None:
    page = overview("?range=90", viewport=PHONE)
    summary = page.locator("#days-table summary")
    summary.click()
    page.evaluate("window.scrollTo(0, 700)")
    make_game("new@test.ru", timezone.now())
    caches["process"].clear()
    with page.expect_response("**/admin/?range=90"):
        page.clock.fast_forward(MINUTE)
    page.locator(".console-big strong", has_text="40").wait_for()
    assert page.evaluate("document.activeElement.parentElement.id") == "days-table"
    assert page.locator("#days-table").get_attribute("open") is not None
    assert page.evaluate("window.scrollY") == 700


def test_a_hidden_page_waits_until_it_is_seen(overview: Any) -> None:
    page = overview()
    requests = count_requests(page)
    hide = "Object.defineProperty(document, 'hidden', {{value: {}, configurable: true}})"
    page.evaluate(hide.format("true"))
    page.clock.fast_forward(MINUTE)
    assert requests == []
    page.evaluate(hide.format("false"))
    with page.expect_response("**/admin/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert len(requests) == 1


def test_who_is_signed_out_is_told_and_nothing_is_asked_again(overview: Any) -> None:
    page = overview()
    page.context.clear_cookies()
    page.clock.fast_forward(MINUTE)
    page.get_by_role("status").get_by_text("This page no longer refreshes itself").wait_for()
    requests = count_requests(page)
    page.clock.fast_forward(MINUTE)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert requests == []
    assert page.locator(".console-funnel").is_visible()


@pytest.mark.parametrize("rights", [{"is_superuser": False}, {"is_active": False}])
def test_who_may_not_see_it_any_more_is_told(overview: Any, rights: dict[str, bool]) -> None:
    page = overview()
    User.objects.update(**rights)
    page.clock.fast_forward(MINUTE)
    page.get_by_role("status").get_by_text("This page no longer refreshes itself").wait_for()


def test_an_error_or_a_lost_network_is_tried_again(overview: Any, complaints: Any) -> None:
    page = overview()
    page.route("**/admin/", lambda route: route.fulfill(status=503))
    with page.expect_response("**/admin/"):
        page.clock.fast_forward(MINUTE)
    page.unroute("**/admin/")
    page.route("**/admin/", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(MINUTE)
    page.unroute("**/admin/")
    with page.expect_response("**/admin/") as answer:
        page.clock.fast_forward(MINUTE)
    assert answer.value.status == 200
    assert page.get_by_role("status").inner_text() == ""
    complaints.expect("Failed to load resource")
