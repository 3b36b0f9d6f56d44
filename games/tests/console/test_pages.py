"""The console's pages in a real browser: nothing from elsewhere, nothing barred, all readable."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from games.models import Game

from .browser import CHROMIUM, FLAGS, POLICY
from .campaign import GAMES, PLAYS, make_game

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no browser: install chromium, or set CHROMIUM"
)
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    # The theme's list of buttons over a table has other things than items between them.
    "rules": {"list": {"enabled": False}},
}
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread; Django would take every query for an async one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a site with a campaign, an account and the policy."""
    # The server runs already, with its middleware: one of them gets a second header to set.
    plain = XFrameOptionsMiddleware.process_response

    def with_policy(self: Any, request: HttpRequest, response: HttpResponseBase) -> Any:
        response["Content-Security-Policy"] = POLICY
        return plain(self, request, response)

    monkeypatch.setattr(XFrameOptionsMiddleware, "process_response", with_policy)
    User.objects.create_superuser("admin", password="admin")
    now = timezone.now()
    for n in range(12):
        times = [now - timedelta(days=n, hours=h) for h in range(n + 1)]
        state = ("added", "found", "pending", "rejected")[n % 4]
        make_game(f"player{n}@test.ru", *times, state=state, contact_error="why" if n % 2 else "")
    return str(live_server.url)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def sign_in(browser: Browser, site: str, complaints: list[str], **options: Any) -> Page:
    page = browser.new_context(base_url=site, reduced_motion="reduce", **options).new_page()
    page.set_default_timeout(10_000)

    def note(message: Any) -> None:
        if message.type in {"error", "warning"} and "favicon" not in str(message.location):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: None if _is_ours(r.url, site) else complaints.append(r.url))
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "admin")
    page.press("#id_password", "Enter")
    page.wait_for_url("**/admin/")
    return page


def _is_ours(url: str, site: str) -> bool:
    return url.startswith((site, "data:", "blob:"))


def addresses() -> list[str]:
    detail = f"{GAMES}{Game.objects.order_by('-play_count')[0].pk}/change/"
    return ["/admin/?days=90", GAMES, PLAYS, detail, f"{GAMES}export/", f"{GAMES}import/"]


@pytest.mark.parametrize(
    "options",
    [
        {"locale": "en-GB", "color_scheme": "light", "viewport": DESKTOP},
        {"locale": "ru-RU", "color_scheme": "dark", "viewport": DESKTOP},
        {"locale": "ru-RU", "color_scheme": "light", "viewport": PHONE},
    ],
    ids=["en-light-desktop", "ru-dark-desktop", "ru-light-phone"],
)
def test_pages_are_accessible_and_fit(
    browser: Browser, site: str, complaints: list[str], options: Any
) -> None:
    page = sign_in(browser, site, complaints, **options)
    for address in addresses():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for summary in page.locator(".console summary").all():
            summary.click()
        found = [
            (address, violation["id"], [node["html"][:200] for node in violation["nodes"]])
            for violation in Axe().run(page, options=WCAG).response["violations"]
        ]
        assert found == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, f"{address} is wider than the screen"


def test_filters_and_export_by_hand(browser: Browser, site: str, complaints: list[str]) -> None:
    page = sign_in(browser, site, complaints, viewport=DESKTOP)
    page.goto(GAMES)
    page.locator("a", has_text="Filters").first.click()
    page.locator("[name=play_count_from]").fill("11")
    page.get_by_role("button", name="Apply Filters").click()
    page.wait_for_url("**play_count_from=11**")
    assert page.locator("#result_list tbody tr").count() == 2
    page.get_by_role("link", name="Export").click()
    page.get_by_label("Format").select_option(label="CSV, for any spreadsheet")
    with page.expect_download() as download:
        page.get_by_role("button", name="Submit").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "email",
        "player11@test.ru",
        "player10@test.ru",
    ]


def test_import_by_hand(browser: Browser, site: str, complaints: list[str]) -> None:
    page = sign_in(browser, site, complaints, viewport=DESKTOP)
    page.goto(f"{GAMES}import/")
    file = {"name": "known.csv", "mimeType": "text/csv", "buffer": b"email\nnew@test.ru\n"}
    page.locator("[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Format").select_option(label="csv")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Import").click()
    page.get_by_text("Imported: 1 new addresses").wait_for()
    assert Game.objects.filter(email="new@test.ru").exists()


def test_theme_and_language_reach_the_numbers(
    browser: Browser, site: str, complaints: list[str]
) -> None:
    page = sign_in(browser, site, complaints, locale="ru-RU", color_scheme="dark")
    assert page.get_by_role("heading", name="Партии по дням").is_visible()
    colour = page.locator(".console-card").first.evaluate("e => getComputedStyle(e).color")
    background = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour != background
    assert settings.TIME_ZONE in page.locator(".console-note").inner_text()
