"""What goes with a play beside the address: from the page's URL, and from the game."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from games.models import Play
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.element.conftest import Own, own  # noqa: F401 -- a fixture
from promo.tests.browser.player import answer, finish_game, leave_address

API = "**/api/verification_mail/"


@pytest.fixture(autouse=True)
def _fields(settings: Any) -> None:
    settings.PLAY_FIELDS = {"utm_source": ("text", 60), "score": ("integer", 0)}
    settings.PLAY_FIELDS_STRICT = True


def test_page_sends_what_its_url_has(new_page: NewPage) -> None:
    page = new_page("/?utm_source=vk&fbclid=1&email=other@test.ru")
    finish_game(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    play = Play.objects.select_related("game").get()
    assert (play.game.email, play.fields) == ("cem@test.ru", {"utm_source": "vk"})


def test_url_is_still_known_after_another_language(new_page: NewPage) -> None:
    page = new_page("/?utm_source=vk")
    finish_game(page)
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    assert Play.objects.get().fields == {"utm_source": "vk"}


@pytest.mark.parametrize("attribute", ["", 'fields-from-url=" utm_source\n score "'])
def test_parameter_without_a_name_is_not_sent(own: Own, attribute: str) -> None:  # noqa: F811
    page = own(attribute)
    page.goto("/own?=x&utm_source=vk&score=7")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    assert Play.objects.get().fields == ({"utm_source": "vk", "score": 7} if attribute else None)


def test_fields_of_the_game_go_with_a_play_that_had_to_wait(
    own: Own,  # noqa: F811
    complaints: Complaints,
) -> None:
    page: Page = own('fields-from-url="utm_source"')
    page.goto("/own?utm_source=vk&score=1")
    page.evaluate("document.querySelector('verification-mail').fields = {score: 42}")

    def away(route: Route) -> None:
        route.fulfill(status=503, headers={"Retry-After": "60"})

    page.route(API, away)
    leave_address(page, "cem@test.ru")
    retry = page.get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    complaints.expect("503 (Service Unavailable)")
    page.unroute(API, away)
    retry.click()
    expect(answer(page)).to_have_text("Welcome! This is your first game.")
    assert Play.objects.get().fields == {"utm_source": "vk", "score": 42}
