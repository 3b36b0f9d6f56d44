"""The console's pages in a real browser: nothing from elsewhere, nothing barred, all readable."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from games.models import Game
from games.tests.browser.conftest import Complaints, NewPage
from games.tests.console.campaign import GAMES, PLAYS, make_game

WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    # The theme's list of buttons over a table has other things than items between them.
    "rules": {"list": {"enabled": False}},
}
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture
def campaign(live_server: Any) -> None:
    User.objects.create_superuser("admin", password="admin")
    now = timezone.now()
    for n in range(12):
        times = [now - timedelta(days=n, hours=h) for h in range(n + 1)]
        state = ("added", "found", "pending", "rejected")[n % 4]
        make_game(f"player{n}@test.ru", *times, state=state, contact_error="why" if n % 2 else "")


@pytest.fixture
def sign_in(new_page: NewPage, live_server: Any, campaign: None, complaints: Complaints) -> NewPage:
    """Return a function that opens the console in a new context; another site's files complain."""

    def open_console(**options: Any) -> Page:
        page = new_page("", **options)
        ours = (live_server.url, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(ours) else complaints.append(r.url))
        page.goto("/admin/login/?next=/admin/")
        page.fill("#id_login", "admin")
        page.fill("#id_password", "admin")
        page.press("#id_password", "Enter")
        page.wait_for_url("**/admin/")
        return page

    return open_console


def expect_readable(page: Page) -> None:
    """Expect a page that axe-core finds nothing on, and that fits the screen."""
    found = [
        (page.url, violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in Axe().run(page, options=WCAG).response["violations"]
    ]
    assert found == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, f"{page.url} is wider than the screen"


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
def test_pages_are_accessible_and_fit(sign_in: NewPage, options: Any) -> None:
    page = sign_in(**options)
    for address in addresses():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for summary in page.locator(".console summary").all():
            summary.click()
        expect_readable(page)


def test_filters_and_export_by_hand(sign_in: NewPage) -> None:
    page = sign_in(viewport=DESKTOP)
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


def test_import_by_hand(sign_in: NewPage) -> None:
    page = sign_in(viewport=DESKTOP)
    page.goto(f"{GAMES}import/")
    file = {"name": "known.csv", "mimeType": "text/csv", "buffer": b"email\nnew@test.ru\n"}
    page.locator("[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Format").select_option(label="csv")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Import").click()
    page.get_by_text("Imported: 1 new addresses").wait_for()
    assert Game.objects.filter(email="new@test.ru").exists()


def test_theme_and_language_reach_the_numbers(sign_in: NewPage) -> None:
    page = sign_in(locale="ru-RU", color_scheme="dark")
    assert page.get_by_role("heading", name="Партии по дням").is_visible()
    colour = page.locator(".console-card").first.evaluate("e => getComputedStyle(e).color")
    background = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour != background
    assert settings.TIME_ZONE in page.locator(".console-note").inner_text()
