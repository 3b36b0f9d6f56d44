"""Help with typing an address: what is taken off, named or suggested."""

import pytest
from playwright.sync_api import Page, expect

from games.models import Game
from promo.tests.browser.conftest import NewPage
from promo.tests.browser.player import answer, finish_game, hurry, leave_address
from serving.addresses import normalise_address

MODULE = "import('/verification-mail-address.js')"
SUGGESTED = "[part=suggestion-button]"


def test_page_and_api_take_off_the_same_and_the_page_leaves_the_rest(page: Page) -> None:
    typed = [
        " cem@test.ru ",
        "mailto:cem@test.ru",
        "MAILTO:cem@test.ru?subject=Hi",
        "Cem <cem@test.ru>",
        "Cem <mailto:cem@test.ru>",
        "<cem@test.ru>",
        "cem@test.ru.",
        "cem@test.ru. ",
        "cem@test.ru,",
        "cem@test.ru;",
        "\u202acem@test.ru\u202c",
        "\ufeffcem@test.ru\u200b",
        "\u00a0cem@test.ru\u00ad",
        '"cem@test.ru"',
        "'cem@test.ru'",
        "“cem@test.ru”",
        "«cem@test.ru».",
        "(cem@test.ru)",
        "[cem@test.ru]",
        "cem@test.ru…",
        "cem@test.ru。",
        "✉ cem@test.ru",
        "cem@test.ru <cem@test.ru>",
        "cem@test.ru <mailto:cem@test.ru>",
        "'cem@test.ru' <cem@test.ru>;",
        "mailto:mailto://cem@test.ru",
    ]
    tidied = page.evaluate(f"(all) => {MODULE}.then(({{ tidy }}) => all.map(tidy))", typed)
    assert dict(zip(typed, tidied, strict=True)) == dict.fromkeys(typed, "cem@test.ru")
    assert {normalise_address(each) for each in typed} == {"cem@test.ru"}
    typed = [
        "c em@test.ru",
        "a@test.ru <b@test.ru",
        "cem＠test.ru",
        "'cem@test.ru",
        "o'neil+tag@test.ru",
        "почта@пример.рф",
        "",
    ]
    tidied = page.evaluate(f"(all) => {MODULE}.then(({{ tidy }}) => all.map(tidy))", typed)
    assert tidied == typed


SUGGESTIONS = {
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmial.con": "gmail.com",
    "gmail.ru": "gmail.com",
    "gmail.co": "gmail.com",
    "Gmal.com": "gmail.com",
    "gmail,com": "gmail.com",
    "gmailcom": "gmail.com",
    "hotmial.com": "hotmail.com",
    "outlok.com": "outlook.com",
    "iclod.com": "icloud.com",
    "yaho.com": "yahoo.com",
    "maill.ru": "mail.ru",
    "mial.ru": "mail.ru",
    "mail.ry": "mail.ru",
    "yandex.ry": "yandex.ru",
    "yadnex.ru": "yandex.ru",
    "ramler.ru": "rambler.ru",
    "imbox.ru": "inbox.ru",
    "lits.ru": "list.ru",
    "bk.ry": "bk.ru",
    "firm.con": "firm.com",
    "firm,ru": "firm.ru",
    "t-onlin.de": "t-online.de",
    "ornage.fr": "orange.fr",
}
NO_SUGGESTION = [
    "gmail.com",
    "mail.ru",
    "yandex.ru",
    "bk.ru",
    "inbox.ru",
    "list.ru",
    "rambler.ru",
    "icloud.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "ya.ru",
    "ya.com",
    "vk.ru",
    "ok.ru",
    "mail.com",
    "ymail.com",
    "email.com",
    "me.com",
    "mac.com",
    "aol.com",
    "googlemail.com",
    "yandex.com",
    "yandex.by",
    "yandex.kz",
    "yandex.com.tr",
    "yahoo.fr",
    "yahoo.co.uk",
    "hotmail.fr",
    "outlook.fr",
    "live.ru",
    "email.ru",
    "rail.ru",
    "index.ru",
    "cloud.com",
    "gmx.de",
    "gmx.net",
    "mail.ua",
    "xmail.ru",
    "firm.com",
    "firm.co",
    "firm.ru",
    "bk.com",
    "pochta.ru",
    "test.ru",
    "example.com",
    "university.edu",
    "пример.рф",
    "a",
]


def test_suggestions(page: Page) -> None:
    typed = [*SUGGESTIONS, *NO_SUGGESTION]
    suggested = page.evaluate(
        f"""(domains) => {MODULE}.then(({{ suggestionFor }}) =>
            domains.map((domain) => suggestionFor(`Cem.X@${{domain}}`)))""",
        typed,
    )
    expected = [f"Cem.X@{meant}" for meant in SUGGESTIONS.values()] + [""] * len(NO_SUGGESTION)
    assert dict(zip(typed, suggested, strict=True)) == dict(zip(typed, expected, strict=True))


def test_letter_of_another_script_is_a_slip(page: Page) -> None:
    finish_game(page)
    hurry(page)
    for typed in ("cem@mаil.ru", "cem@MAİL.RU"):  # Cyrillic, Turkish
        page.locator("#email").fill(typed)
        expect(page.locator(SUGGESTED)).to_have_text("Did you mean \u2066cem@mail.ru\u2069?")
        page.locator("#email").fill("")
        expect(page.locator(SUGGESTED)).to_have_count(0)


def test_domain_of_another_script_is_shown_as_it_was_typed(page: Page) -> None:
    finish_game(page)
    leave_address(page, "<cem@пример.рф>,")
    expect(page.locator("[part=more]")).to_have_text("Counted for \u2066cem@пример.рф\u2069")
    assert Game.objects.get().email == "cem@xn--e1afmkfd.xn--p1ai"


def test_suggestion_is_taken_by_its_button(page: Page) -> None:
    finish_game(page)
    hurry(page)
    page.locator("#email").fill("cem@gmial.com")
    page.get_by_role("button", name="Did you mean").click()
    expect(page.locator("#email")).to_have_value("cem@gmail.com")
    expect(page.locator("#email")).to_be_focused()
    expect(page.locator(SUGGESTED)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("[part=more]")).to_contain_text("cem@gmail.com")
    assert Game.objects.get().email == "cem@gmail.com"


def test_suggestion_may_be_ignored(page: Page) -> None:
    finish_game(page)
    hurry(page)
    page.locator("#email").fill("cem@gmial.com")
    expect(page.locator(SUGGESTED)).to_have_text("Did you mean \u2066cem@gmail.com\u2069?")
    page.keyboard.press("Enter")
    expect(page.locator("[part=more]")).to_have_text("Counted for \u2066cem@gmial.com\u2069")
    assert Game.objects.get().email == "cem@gmial.com"


def test_field_takes_no_more_than_can_be_tidied_quickly(page: Page) -> None:
    finish_game(page)
    page.locator("#email").focus()
    page.keyboard.insert_text("a" + "." * 1000)
    assert len(page.locator("#email").input_value()) == 500


def test_suggestion_that_nobody_could_see_yet_is_shown_once_before_sending(page: Page) -> None:
    finish_game(page)
    leave_address(page, "cem@gmial.com")
    expect(page.locator(SUGGESTED)).to_be_visible()
    assert not Game.objects.exists()
    page.locator("verification-mail button[type=submit]").click()
    expect(answer(page)).to_be_visible()
    assert Game.objects.get().email == "cem@gmial.com"


def test_suggestion_goes_when_the_address_is_right_or_has_an_error(page: Page) -> None:
    finish_game(page)
    hurry(page)
    page.locator("#email").fill("cem@gmial.com")
    expect(page.locator(SUGGESTED)).to_be_visible()
    page.locator("#email").fill("cem@gmail.com")
    expect(page.locator(SUGGESTED)).to_have_count(0)
    page.locator("#email").fill("cem@gmial.com")
    expect(page.locator(SUGGESTED)).to_be_visible()
    leave_address(page, "cem")
    expect(page.locator("#error")).to_contain_text("Enter an email address")
    expect(page.locator(SUGGESTED)).to_have_count(0)


def test_suggestion_in_russian(new_page: NewPage) -> None:
    page = new_page(locale="ru-RU")
    finish_game(page)
    hurry(page)
    page.locator("#email").fill("cem@mial.ru")
    expect(page.locator(SUGGESTED)).to_have_text("Вы имели в виду \u2066cem@mail.ru\u2069?")


def test_what_does_not_belong_is_taken_off_in_the_field(page: Page) -> None:
    finish_game(page)
    page.locator("#email").fill("Cem <cem@test.ru>;")
    page.keyboard.press("Tab")
    expect(page.locator("#email")).to_have_value("cem@test.ru")
    leave_address(page, "mailto:cem@test.ru.")
    expect(answer(page)).to_be_visible()
    expect(page.locator("[part=more]")).to_have_text("Counted for \u2066cem@test.ru\u2069")
    assert Game.objects.get().email == "cem@test.ru"


SENT_IN_VAIN = [  # each with another sentence than the one before
    ("c em@test.ru", "The address contains a space.", "В адресе есть пробел."),
    ("cem", "Enter an email address", "Введите адрес"),
    ("cem＠test.ru", "The address has a special “＠”.", "необычный знак «＠»"),
    ("", "Enter an email address", "Введите адрес"),
]


@pytest.mark.parametrize(("locale", "place"), [("en-GB", 0), ("ru-RU", 1)])
def test_sign_that_is_wrong_is_named(new_page: NewPage, locale: str, place: int) -> None:
    page = new_page(locale=locale)
    finish_game(page)
    for typed, *sentences in SENT_IN_VAIN:
        leave_address(page, typed)
        expect(page.locator("#error")).to_contain_text(sentences[place])
        expect(page.locator("#email")).to_be_focused()
    assert not Game.objects.exists()
