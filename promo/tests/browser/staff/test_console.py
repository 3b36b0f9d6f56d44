"""The console's pages in a real browser: accessible, and without errors or foreign requests."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from playwright.sync_api import Page

from console.draw.drawing import carry_out, prepare
from console.draw.models import Draw
from games.models import Game
from promo.tests.browser.conftest import Complaints
from promo.tests.browser.staff.conftest import DESKTOP, LOOKS, PHONE, SignedIn, expect_readable
from testing.campaign import GAMES, PLAYS, make_game

DRAWS, LOG = "/admin/console/draw/", "/admin/admin/logentry/"


@pytest.fixture
def campaign(live_server: Any) -> None:
    User.objects.create_superuser("admin")
    now = timezone.now()
    for n in range(12):
        times = [now - timedelta(days=n, hours=h) for h in range(n + 1)]
        state = ("added", "found", "pending", "rejected")[n % 4]
        make_game(f"player{n}@test.ru", *times, state=state, contact_error="why" if n % 2 else "")


@pytest.fixture
def sign_in(
    signed_in: SignedIn, live_server: Any, campaign: None, complaints: Complaints
) -> SignedIn:
    """Return a function that opens the console in a new context; another site's files complain."""

    def open_console(path: str = "/admin/", **options: Any) -> Page:
        page = signed_in(User.objects.get(), **options)
        ours = (live_server.url, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(ours) else complaints.append(r.url))
        page.goto(path)
        return page

    return open_console


def addresses() -> list[str]:
    detail = f"{GAMES}{Game.objects.order_by('-play_count')[0].pk}/change/"
    filtered = f"{GAMES}?play_count_from=2&contact_state__exact=found"
    lists = ["/admin/?range=90", GAMES, filtered, PLAYS, DRAWS, LOG]
    return [*lists, detail, f"{GAMES}export/", f"{GAMES}import/", f"{DRAWS}add/", *draw_pages()]


def draw_pages() -> list[str]:
    """Make a draw that is prepared and one that is drawn; return their pages."""
    draws = [Draw(winners=1, public_source="a lottery"), Draw(winners=1, reserves=1)]
    for draw in draws:
        prepare(draw)
        draw.save()
    assert carry_out(draws[1], public_value="", by=None) == 2
    return [f"{DRAWS}{draw.pk}/change/" for draw in draws]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(sign_in: SignedIn, look: str) -> None:
    page = sign_in(**LOOKS[look])
    for address in addresses():
        page.goto(address)
        for summary in page.locator(".console summary").all():
            summary.click()
        expect_readable(page)


def test_filters_and_export_by_hand(sign_in: SignedIn) -> None:
    page = sign_in(GAMES, viewport=DESKTOP)
    page.locator("a", has_text="Filters").first.click()
    page.locator("[name=contact_state__exact]").select_option("rejected")
    page.locator("[name=play_count_from]").fill("11")
    page.get_by_role("button", name="Apply Filters").click()
    page.wait_for_url("**play_count_from=11**")
    assert page.locator("#result_list tbody tr").count() == 1
    page.get_by_role("link", name="Contact: rejected or given up").click()
    page.wait_for_url("**/?play_count_from=11")
    assert page.locator("#result_list tbody tr").count() == 2
    page.get_by_role("link", name="Export").click()
    assert page.get_by_text("2 rows will be exported.").is_visible()
    page.get_by_label("Format").select_option(label="CSV, for programs")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert "-players-filtered-" in download.value.suggested_filename
    lines = download.value.path().read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "email",
        "player11@test.ru",
        "player10@test.ru",
    ]
    page.reload()
    shown = page.get_by_label("Format").evaluate("e => e.selectedOptions[0].text")
    assert shown == "CSV, for programs"


def test_cards_of_a_list_are_short_on_a_phone(sign_in: SignedIn) -> None:
    page = sign_in(GAMES, viewport=PHONE)
    card = page.locator("#result_list tbody").first.bounding_box()
    assert card is not None
    assert card["height"] < 300
    assert page.locator(".field-last_played_at").first.is_visible()
    assert not page.locator(".field-contact_error").first.is_visible()


def test_long_texts_are_whole_on_a_phone(sign_in: SignedIn) -> None:
    make_game(f"{'long' * 12}@example.com", timezone.now() - timedelta(days=1))
    draw = Draw(winners=13)
    prepare(draw)
    draw.save()
    carry_out(draw, public_value="", by=User.objects.get())
    kind = ContentType.objects.get_for_model(Draw)
    LogEntry.objects.create(
        user=User.objects.get(),
        content_type=kind,
        action_flag=2,
        change_message="what was done " * 9,
    )
    page = sign_in("/admin/", viewport=PHONE)
    for path, part in [(f"{DRAWS}{draw.pk}/change/", ".console-card"), (LOG, "#result_list td")]:
        page.goto(path)
        hidden = "e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
        assert {tuple(e.evaluate(hidden)) for e in page.locator(part).all()} == {(0, 0)}


def test_menu_fits_a_small_screen(sign_in: SignedIn) -> None:
    for locale, last in (("en-GB", "Log"), ("ru-RU", "Журнал")):
        page = sign_in(locale=locale, viewport={"width": 1280, "height": 720})
        entries = page.locator("#nav-sidebar-apps")
        assert entries.get_by_role("link", name=last).is_visible()
        assert entries.evaluate("e => e.scrollHeight <= e.clientHeight")
        widths = "e => [...e.querySelectorAll('a')].every(a => a.scrollWidth <= a.clientWidth)"
        assert entries.evaluate(widths)


def test_import_by_hand(sign_in: SignedIn) -> None:
    page = sign_in(f"{GAMES}import/", viewport=DESKTOP)
    file = {"name": "known.csv", "mimeType": "text/csv", "buffer": b"email\nnew@test.ru\n"}
    page.locator("[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Import", exact=True).wait_for()
    expect_readable(page)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Take the import back").wait_for()
    assert Game.objects.filter(email="new@test.ru").exists()
    expect_readable(page)
    page.get_by_role("button", name="Take the import back").click()
    page.get_by_text("Players taken back: 1.").wait_for()
    assert not Game.objects.filter(email="new@test.ru").exists()


def test_theme_and_language_reach_the_numbers(sign_in: SignedIn) -> None:
    page = sign_in(locale="ru-RU", color_scheme="dark")
    assert page.get_by_role("heading", name="Игры по дням").is_visible()
    colour = page.locator(".console-card").first.evaluate("e => getComputedStyle(e).color")
    background = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour != background
    assert settings.TIME_ZONE in page.locator(".console-zone").inner_text()


def test_a_contact_is_given_up_and_tried_again_on_its_page(sign_in: SignedIn) -> None:
    player = Game.objects.filter(contact_state="pending").first()
    assert player is not None
    page = sign_in(f"{GAMES}{player.pk}/change/")
    expect_readable(page)
    page.get_by_role("button", name="Give up").click()
    page.get_by_text("1 contact was given up.").wait_for()
    page.goto(f"{GAMES}{player.pk}/change/")
    page.get_by_role("button", name="Deliver again").click()
    page.get_by_text("1 contact will be delivered").wait_for()
