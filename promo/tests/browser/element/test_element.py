"""The element on a page of its own: texts, consent, storage, right-to-left pages."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from promo.tests.browser.axe import violations_in_each_scheme
from promo.tests.browser.conftest import Complaints
from promo.tests.browser.element.conftest import Own
from promo.tests.browser.player import answer, fake_answer, leave_address
from testing.consents import make_text

API = "**/api/verification_mail/"
GERMAN = """
  <b slot="label">Deine E-Mail-Adresse</b>
  <i slot="submit">Spiel zählen</i>
  <span slot="consent">Mit den <a href="/agb">Bedingungen</a> einverstanden.</span>
  <span slot="thanks">Willkommen!</span>
  <span slot="thanks-again">Dein {count}. Spiel.</span>
  <span slot="counted-for">Gezählt für {email}</span>
  <span slot="suggestion">Meintest du {email}?</span>
  <span slot="not-an-address">Bitte eine Adresse.</span>
  <span slot="invalid">Diese Adresse gibt es nicht.</span>
  <span slot="games-one">Spiel</span><span slot="games-other">Spiele</span>
  <span slot="waiting-title">Nicht verloren</span>
  <span slot="waiting">Wir senden es später.</span>
  <span slot="offline">Kein Netz.</span>
  <span slot="try-again">Nochmal</span>"""


def bodies(page: Page) -> list[str | None]:
    """Return the list that the bodies of all requests, from now on, are added to."""
    sent: list[str | None] = []

    def note(request: Any) -> None:
        if request.method == "POST":
            sent.append(request.post_data)

    page.on("request", note)
    return sent


def test_texts_of_any_language_by_slots(own: Own, complaints: Complaints) -> None:
    page = own(children=GERMAN, html='lang="de"')
    expect(page.get_by_label("Deine E-Mail-Adresse")).to_be_visible()
    expect(page.get_by_role("button", name="Spiel zählen")).to_be_visible()
    expect(page.get_by_role("link", name="Bedingungen")).to_have_attribute("href", "/agb")
    leave_address(page, "cem")
    error = page.locator("#error")
    expect(error).to_have_text("Bitte eine Adresse.")
    leave_address(page, "cem@localhost")
    expect(error).to_have_text("Diese Adresse gibt es nicht.")
    page.locator("#email").fill("cem@gmial.com")
    expect(page.locator("[part=suggestion]")).to_contain_text("Meintest du")
    fake_answer(page, 1234)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Dein 1234. Spiel.")
    expect(page.locator("[part=number]")).to_have_text("1.234")
    expect(page.locator("[part=number]")).to_have_attribute("data-word", "Spiele")
    expect(page.locator("[part=more]")).to_have_text("Gezählt für \u2066cem@test.ru\u2069")
    complaints.expect("400 (Bad Request)")


def test_texts_of_failures_by_slots(own: Own, complaints: Complaints) -> None:
    page = own(children=GERMAN, html='lang="de"')
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Nicht verloren")
    expect(page.locator("[part=more]")).to_have_text("Kein Netz. Wir senden es später.")
    expect(page.get_by_role("button", name="Nochmal")).to_be_visible()
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_texts_by_attributes(own: Own) -> None:
    page = own('text-label="Mail" text-submit="Go" text-placeholder="you@" text-thanks="Ta!"')
    expect(page.get_by_label("Mail")).to_have_attribute("placeholder", "you@")
    page.get_by_label("Mail").fill("cem@test.ru")
    page.get_by_role("button", name="Go").click()
    expect(answer(page)).to_have_text("Ta!")


def test_language_without_texts_is_english(own: Own) -> None:
    page = own(html='lang="qq-wrong-"')
    expect(page.get_by_role("button", name="Count my game")).to_be_visible()


@pytest.mark.parametrize(
    ("attributes", "body"),
    [
        ("", '{"email":"cem@test.ru"}'),
        ('consent-version="v2"', '{"email":"cem@test.ru"}'),
        ("consent-required", '{"email":"cem@test.ru"}'),
        (
            'consent-required consent-version="v2"',
            '{"email":"cem@test.ru","consent":{"mailing":true,"text":"v2"}}',
        ),
        (
            'consent-optional consent-version="v2" consent-language="de"',
            '{"email":"cem@test.ru","consent":{"mailing":false,"text":"v2","language":"de"}}',
        ),
    ],
)
def test_consent_goes_with_the_play(own: Own, attributes: str, body: str) -> None:
    make_text(version="v2")
    make_text(version="v2", language="de")
    page = own(attributes)
    sent = bodies(page)
    box = page.get_by_role("checkbox")
    if "consent-required" in attributes:
        box.check()
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_be_visible()
    assert sent == [body]


@pytest.mark.parametrize(
    ("language", "label", "error"),
    [
        ("en", "I agree to the processing of my address.", "tick the box"),
        ("ru", "Даю согласие на обработку моего адреса.", "отметьте согласие"),
    ],
)
def test_box_starts_unticked_and_gates_the_button(
    own: Own, language: str, label: str, error: str
) -> None:
    page = own("consent-required", html=f'lang="{language}"')
    sent = bodies(page)
    box = page.get_by_label(label)
    expect(box).not_to_be_checked()
    leave_address(page, "cem@test.ru")
    expect(page.locator("#error")).to_contain_text(error)
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-invalid", "true")
    assert sent == []
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(answer(page)).to_be_visible()


def test_consent_of_a_waiting_play_is_sent_too(own: Own, complaints: Complaints) -> None:
    make_text(version="v2")
    page = own('consent-required consent-version="v2"')
    page.get_by_role("checkbox").check()
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Your game is safe")
    sent = bodies(page)
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("Welcome! This is your first game.")
    assert sent[-1] == '{"email":"cem@test.ru","consent":{"mailing":true,"text":"v2"}}'
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_typed_address_survives_without_a_kept_win_but_the_key_does_not(own: Own) -> None:
    page = own()
    page.locator("#email").fill("cem@test.ru")
    page.reload()
    expect(page.locator("#email")).to_have_value("cem@test.ru")
    assert page.locator("verification-mail").evaluate("(element) => element.kept") is None
    page.locator("verification-mail").evaluate("(element) => element.keep({ score: 7 })")
    page.reload()
    assert page.locator("verification-mail").evaluate("(element) => element.kept") == {"score": 7}


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_accessible_on_a_narrow_page_in_either_direction(
    own: Own, complaints: Complaints, direction: str
) -> None:
    page = own(
        "consent-required consent-url=/privacy",
        html=f'lang="en" dir="{direction}" style="color-scheme: light"',
        viewport={"width": 320, "height": 640},
    )
    found = {"form": violations_in_each_scheme(page)}
    page.locator("#email").fill(f"{'a' * 60}@gmial.com")
    expect(page.locator("[part=suggestion-button]")).to_be_visible()
    leave_address(page, f"{'a' * 60}@gmial.com")
    expect(page.locator("#error")).not_to_be_empty()
    found["suggestion and error"] = violations_in_each_scheme(page)
    narrow = "document.documentElement.scrollWidth <= 320"
    assert page.evaluate(narrow)
    page.get_by_role("checkbox").check()
    page.context.set_offline(True)
    leave_address(page, f"{'a' * 60}@gmial.com")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    found["waiting"] = violations_in_each_scheme(page)
    assert page.evaluate(narrow)
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("Welcome! This is your first game.")
    found["answer"] = violations_in_each_scheme(page)
    assert page.evaluate(narrow)
    assert {state: each for state, each in found.items() if each} == {}
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


@pytest.mark.parametrize("width", [220, 320])
def test_no_word_is_cut_in_a_narrow_column(own: Own, complaints: Complaints, width: int) -> None:
    page = own(html='lang="ru"', viewport={"width": width, "height": 640})
    page.add_style_tag(content="main { padding: 24px; overflow: hidden }")
    cut = """(element) => [...element.shadowRoot.querySelectorAll("p, button")]
        .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"""
    page.context.set_offline(True)
    leave_address(page, "cem@test.ru")
    expect(page.get_by_role("button", name="Отправить снова")).to_be_visible()
    assert page.locator("verification-mail").evaluate(cut) == []
    page.context.set_offline(False)
    expect(answer(page)).to_have_text("Добро пожаловать! Это ваша первая игра.")
    page.locator("verification-mail").evaluate("(element) => element.reset()")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("С возвращением! Это ваша 2-я игра.")
    assert page.locator("verification-mail").evaluate(cut) == []
    complaints.expect("net::ERR_INTERNET_DISCONNECTED")


def test_targets_are_large_enough(own: Own) -> None:
    page = own("consent-required")
    page.locator("#email").fill("cem@gmial.com")
    expect(page.locator("[part=suggestion-button]")).to_be_visible()
    for part, least in (("suggestion-button", 44), ("button", 44), ("input", 44), ("box", 24)):
        box = page.locator(f"[part={part}]").bounding_box()
        assert box, part
        assert min(box["width"], box["height"]) >= least, part


def test_buttons_have_an_outline_in_forced_colours(own: Own) -> None:
    page = own(forced_colors="active")
    expect(page.locator("[part=button]")).to_have_css("border-top-width", "2px")
    expect(page.locator("[part=button]")).to_have_css("border-top-style", "solid")


def test_suggestion_and_errors_are_live_regions(own: Own) -> None:
    page = own()
    expect(page.locator("[part=suggestion]")).to_have_attribute("role", "status")
    expect(page.locator("[part=error]")).to_have_attribute("role", "alert")
