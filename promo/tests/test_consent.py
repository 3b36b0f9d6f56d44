"""Consent on the visitor's page, on the account page and by the signed link."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from games.consent import Consent, current_texts, reload_texts
from games.contact_queue import store
from games.contact_state import ADDED
from games.models import Game
from privacy.models import Erasure
from privacy.withdrawing import withdrawal_key
from serving.keyed_hash import keyed_hash
from testing.consents import agree, make_text
from testing.factories import GameFactory
from testing.people import body, make_player, signed_in

pytestmark = pytest.mark.django_db
EMAIL = "cem@test.ru"


@pytest.fixture
def player() -> Game:
    game: Game = GameFactory(email=EMAIL)
    agree(game, make_text())
    agree(game, make_text("prizes"))
    return game


def page(client: Client, address: str, language: str = "en") -> str:
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return str(answer.content.decode())


def withdrawn() -> list[tuple[str, str]]:
    acts = Consent.objects.filter(act="withdrawn").order_by("pk")
    return list(acts.values_list("text__purpose", "source"))


def test_link_withdraws_one_consent_without_a_cookie(player: Game) -> None:
    client = Client(enforce_csrf_checks=True)
    address = f"/consent/{withdrawal_key(player)}/"
    shown = page(client, address)
    assert "I agree to &lt;mailing&gt;." in shown
    assert "cem" not in shown
    assert "Ваши согласия" in page(client, address, "ru")
    assert withdrawn() == []  # mail scanners open links
    answer: Any = client.post(address, {"purpose": "mailing"})
    assert (answer.status_code, answer.url) == (302, address)
    assert withdrawn() == [("mailing", "person")]
    assert "&lt;mailing&gt;" not in page(client, address)
    assert "&lt;prizes&gt;" in page(client, address)
    assert not client.cookies


def test_link_withdraws_all_that_a_mail_program_asks_for(player: Game) -> None:
    address = f"/consent/{withdrawal_key(player)}/"
    Client().post(address, {"List-Unsubscribe": "One-Click"})
    assert withdrawn() == [("mailing", "person"), ("prizes", "person")]
    assert "No consent of yours is in force." in page(Client(), address)
    Client().post(address, {"purpose": "mailing"})
    assert len(withdrawn()) == 2


@pytest.mark.parametrize("method", ["get", "post"])
def test_link_that_is_made_up_or_of_an_erased_person(player: Game, method: str) -> None:
    key = withdrawal_key(player)
    player.delete()
    for made_up in (key, "x", f"{player.pk}:{keyed_hash(EMAIL)}"):
        assert getattr(Client(), method)(f"/consent/{made_up}/").status_code == 404


def test_key_is_not_told_to_other_sites(player: Game) -> None:
    answer = Client().get(f"/consent/{withdrawal_key(player)}/")
    assert answer["Referrer-Policy"] == "same-origin"


def test_account_page_withdraws(player: Game) -> None:
    client = signed_in(make_player(EMAIL))
    shown = page(client, "/accounts/")
    address = f"/consent/{withdrawal_key(player)}/"
    assert shown.count('action="/consent/') == 2
    client.post(address, {"purpose": "prizes"})
    assert page(client, "/accounts/").count('action="/consent/') == 1
    [consent] = body(client.get("/api/me/"))["consents"]
    assert (consent["purpose"], consent["text"]) == ("mailing", "I agree to <mailing>.")
    assert len(body(client.get("/api/me/export/"))["consents"]) == 3


def test_account_page_of_whom_agreed_to_nothing() -> None:
    assert "Your consents" not in page(signed_in(make_player(EMAIL)), "/accounts/")


def test_contact_that_is_delivered_at_that_moment_stays_withheld(player: Game) -> None:
    Game.objects.update(contact_state="pending")
    held = Game.objects.get()
    Client().post(f"/consent/{withdrawal_key(player)}/", {"purpose": "mailing"})
    store(held, ADDED)  # the ESP answers only now
    assert Game.objects.get().contact_state == "withheld"
    assert Erasure.objects.get().only_contact  # and is asked to remove it


def test_page_shows_the_text_of_the_visitors_language() -> None:
    make_text(version="1")
    newest = make_text(version="<2>")
    make_text(version="3", language="ru")
    shown = page(Client(), "/")
    assert 'consent-optional consent-version="&lt;2&gt;" consent-language="en"' in shown
    assert '<span slot="consent" lang="en">I agree to &lt;mailing&gt;.</span>' in shown
    assert 'consent-version="3" consent-language="ru"' in page(Client(), "/", "ru")
    newest.retired_at = timezone.now()
    newest.save()
    reload_texts()
    assert 'consent-version="1"' in page(Client(), "/")


def test_page_shows_another_language_rather_than_none(settings: Settings) -> None:
    settings.MAILING_CONSENT = "required"
    make_text(language="de")
    assert 'consent-required consent-version="1" consent-language="de"' in page(Client(), "/")


def test_page_without_a_text_asks_for_no_consent() -> None:
    reload_texts()
    make_text("prizes")
    assert "consent-version" not in page(Client(), "/")


def test_page_reads_texts_no_more_often_than_they_are_cached(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_text()
    assert current_texts()
    with django_assert_num_queries(0):
        page(Client(), "/")


@pytest.mark.parametrize(
    ("setting", "days", "english", "russian"),
    [
        ("PLAYS_FROM", 1, "The game begins on", "Игра начнётся"),
        ("PLAYS_UNTIL", -1, "The game ended on", "Игра закончилась"),
    ],
)
def test_page_says_when_the_game_is_not_open(
    settings: Settings, setting: str, days: int, english: str, russian: str
) -> None:
    setattr(settings, setting, timezone.now() + timedelta(days=days))
    shown = page(Client(), "/")
    assert english in shown
    assert "<verification-mail" not in shown
    assert "pairs.js" not in shown
    assert russian in page(Client(), "/", "ru")
