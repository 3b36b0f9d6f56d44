"""axe-core finds nothing on any page, in any state, in light or dark, in either language."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from games.tests.browser.conftest import Complaints, NewPage
from games.tests.browser.player import answer, click, finish_game, leave_address, look

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    # What comes in with a fade has its contrast when it has come.
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def scheme(request: Any) -> Any:
    return request.param


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_every_state(
    new_page: NewPage, complaints: Complaints, settings: Any, scheme: str, locale: str
) -> None:
    settings.CONSENT_URL = "https://example.com/privacy"
    page = new_page(locale=locale, color_scheme=scheme)
    found = {"start": violations(page)}
    look(page, 0, click)
    found["open card"] = violations(page)
    finish_game_after_look(page)
    found["form"] = violations(page)
    leave_address(page, "cem@localhost")
    expect(page.locator("#error")).not_to_be_empty()
    found["error"] = violations(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    found["answer"] = violations(page)
    page.locator("#again").click()
    finish_game(page)
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(page.locator("[part=more]")).to_be_visible()
    found["waiting"] = violations(page)
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


def test_page_of_an_error(new_page: NewPage, complaints: Complaints, scheme: str) -> None:
    page = new_page("/nowhere", color_scheme=scheme)
    expect(page.get_by_role("heading", name="Return to sender")).to_be_visible()
    assert violations(page) == []
    complaints.expect("404 (Not Found)")
