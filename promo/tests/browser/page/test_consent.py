"""A person's way: agrees on the page, withdraws, reads their data, is erased."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from esp.models import MockContact
from games.consent import Consent, ConsentProof, reload_texts
from games.models import Game
from privacy.erasing import erase_person
from privacy.withdrawing import withdrawal_key
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import finish_game
from testing.consents import make_text

EMAIL = "cem@test.ru"
Play = Callable[..., Page]


@pytest.fixture(autouse=True)
def _texts() -> Any:
    make_text(version="7")
    make_text(version="8", language="ru")
    yield
    reload_texts()


@pytest.fixture
def won(new_page: NewPage) -> Play:
    """Open the page and win the game."""

    def open_page(**options: Any) -> Page:
        page = new_page(**options)
        finish_game(page)
        page.fill("#email", EMAIL)
        return page

    return open_page


def send(page: Page) -> None:
    page.click("[part=button]")
    expect(page.locator("[part=words]")).to_be_visible()


def test_person_agrees_withdraws_and_is_erased(
    won: Play, settings: Any, complaints: Complaints
) -> None:
    settings.MAILING_CONSENT = "required"
    page = won(locale="ru-RU")
    box = page.locator("#box")
    expect(box).not_to_be_checked()
    expect(page.locator("[slot=consent]")).to_have_text("I agree to <mailing>.")
    page.click("[part=button]")
    expect(page.locator("#error")).to_have_text("Чтобы засчитать игру, отметьте согласие.")
    assert not Game.objects.exists()
    box.check()
    send(page)
    consent = Consent.objects.get()
    assert (consent.act, str(consent.text)) == ("given", "mailing 8 (ru)")
    assert MockContact.objects.get().email == EMAIL

    player = Game.objects.get()
    page.goto(f"/consent/{withdrawal_key(player)}/")
    expect(page.locator("blockquote")).to_have_text("I agree to <mailing>.")
    page.get_by_role("button", name="Отозвать").click()
    expect(page.get_by_text("Действующих согласий у вас нет.")).to_be_visible()
    assert Game.objects.get().contact_state == "withheld"

    erase_person(EMAIL, reason="ticket 1")
    assert page.reload().status == 404  # type: ignore[union-attr]
    complaints.expect("404 (Not Found)")
    assert [proof.act for proof in ConsentProof.objects.order_by("pk")] == ["given", "withdrawn"]


def test_box_may_stay_empty_where_mailing_is_not_required(won: Play) -> None:
    send(won())
    consent = Consent.objects.get()
    assert (consent.act, str(consent.text)) == ("declined", "mailing 7 (en)")


def test_play_of_another_page_without_consent_is_withheld(won: Play, settings: Any) -> None:
    settings.MAILING_CONSENT = "required"
    page = won()
    page.request.post("/api/verification_mail/", data={"email": EMAIL})
    assert Game.objects.get().contact_state == "withheld"
    assert not MockContact.objects.exists()
