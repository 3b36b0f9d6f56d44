"""axe-core finds nothing on any page, in any state, in light or dark, in either language."""

from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from promo.tests.browser.axe import violations, violations_in_each_scheme
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, click, finish_game, leave_address, look

PHONE: ViewportSize = {"width": 320, "height": 640}  # CSS pixels: also a screen of 1280 at 400 %
WIDE: ViewportSize = {"width": 1280, "height": 800}


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_every_state(new_page: NewPage, complaints: Complaints, settings: Any, locale: str) -> None:
    settings.CONSENT_URL = "https://example.com/privacy"
    # The colours are the same in each language.
    axe_finds = violations_in_each_scheme if locale == "en-GB" else violations
    page = new_page(locale=locale)
    found = {"start": violations(page)}
    look(page, 0, click)
    found["open card"] = axe_finds(page)
    finish_game_after_look(page)
    found["form"] = axe_finds(page)
    leave_address(page, "cem@localhost")
    expect(page.locator("#error")).not_to_be_empty()
    found["error"] = axe_finds(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    found["answer"] = axe_finds(page)
    page.locator("#again").click()
    finish_game(page)
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(page.locator("[part=more]")).to_be_visible()
    found["waiting"] = axe_finds(page)
    assert {state: each for state, each in found.items() if each} == {}
    complaints.expect("400 (Bad Request)")
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def finish_game_after_look(page: Page) -> None:
    """Open the pair of the card that is open, then play as always."""
    page.evaluate(
        "document.querySelector(`.card[data-state=closed][data-stamp=${"
        "document.querySelector('.card[data-state=open]').dataset.stamp}]`).click()"
    )
    finish_game(page)


def test_page_of_an_error(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page("/nowhere")
    expect(page.get_by_role("heading", name="Return to sender")).to_be_visible()
    assert violations_in_each_scheme(page) == []
    complaints.expect("404 (Not Found)")


@pytest.fixture
def branded(settings: Any) -> None:
    """Give the page a long name, a light accent, and links."""
    links = [("Privacy", "Политика конфиденциальности", "/privacy"), ("FAQ", "", "/faq")]
    settings.BRAND = settings.BRAND._replace(
        name="Акция для сотрудников Северо-Западного филиала", accent="#ffcc00", links=links
    )


def test_any_brand_is_accessible(new_page: NewPage, branded: None) -> None:
    page = new_page(locale="ru-RU")
    found = violations_in_each_scheme(page)
    finish_game(page)
    assert found + violations_in_each_scheme(page) == []


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_narrow_screen_has_no_sideways_scrolling(new_page: NewPage, locale: str) -> None:
    page = new_page(locale=locale, viewport=PHONE)
    assert overflow(page) == 0
    assert page.locator(".bar").bounding_box()["height"] < 60  # type: ignore[index]  # one line
    finish_game(page)
    assert overflow(page) == 0


def test_narrow_screen_with_a_long_name(new_page: NewPage, branded: None) -> None:
    page = new_page(locale="ru-RU", viewport=PHONE)
    assert overflow(page) == 0


def test_text_from_right_to_left(page: Page) -> None:
    page.evaluate("document.documentElement.dir = 'rtl'")
    for viewport in (PHONE, WIDE):
        page.set_viewport_size(viewport)
        assert overflow(page) == 0
        brand, languages = (page.locator(name).bounding_box() for name in (".brand", ".languages"))
        assert brand["x"] > languages["x"]  # type: ignore[index]
    finish_game(page)
    for viewport in (PHONE, WIDE):
        page.set_viewport_size(viewport)
        stamp, heading = (page.locator(f"#leave {name}").bounding_box() for name in ("svg", "h1"))
        assert overflow(page) == 0
        assert stamp["x"] + stamp["width"] / 2 < heading["x"] + heading["width"] / 2  # type: ignore[index]


def style_of(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(f"(each) => getComputedStyle(each).{name}"))


def test_forced_colours_leave_what_tells_things_apart(new_page: NewPage) -> None:
    page = new_page(forced_colors="active")
    assert style_of(page, ".card .envelope", "borderStyle") == "solid"
    assert style_of(page, ".languages [aria-current]", "textDecorationLine") == "underline"
    page.keyboard.press("Tab")
    assert style_of(page, ":focus", "outlineStyle") == "solid"
    assert violations(page) == []
    finish_game(page)
    assert style_of(page, ".button", "borderStyle") == "solid"
    assert violations(page) == []


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_who_wants_it_so(new_page: NewPage, motion: str, moves: bool) -> None:
    page = new_page(reduced_motion=motion)
    page.evaluate(
        "window.moved = false; for (const type of ['animationstart', 'transitionrun'])"
        " document.addEventListener(type, () => { window.moved = true; }, true)"
    )
    look(page, 0, click)
    finish_game_after_look(page)
    # Two frames later what has begun to move has told it.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.moved") is moves
