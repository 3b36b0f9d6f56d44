"""Consents that come with a play, and contacts that are withheld without one."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from esp.models import MockContact
from games import contact_queue, counting
from games.consent import MAILING, Consent, ConsentText, reload_texts
from games.delivery import ContactsJob, Delivery
from games.models import Game, Play
from games.tests.conftest import URL
from testing.factories import GameFactory

pytestmark = pytest.mark.django_db
NEW = {"esp_status": False, "games_status": False, "games_count": 1}


@pytest.fixture(autouse=True)
def _texts_anew() -> None:
    reload_texts()


@pytest.fixture(params=["one statement", "with the row locked"])
def _each_way(request: Any) -> Any:
    """Count in both ways; they must do the same."""
    if request.param == "one statement":
        yield
        return
    with patch.object(counting, "_count_at_once", lambda _play: None):
        yield


def make_text(purpose: str = MAILING, version: str = "1", language: str = "en") -> ConsentText:
    return ConsentText.objects.create(
        purpose=purpose, version=version, language=language, text=f"I agree to {purpose}."
    )


@pytest.fixture
def agree(client: Client) -> Callable[..., Any]:
    """Send a play with a consent; return the response."""

    def send(consent: Any, email: str = "cem@test.ru", **headers: str) -> Any:
        body = {"email": email, "consent": consent}
        return client.post(URL, body, "application/json", headers=headers)

    return send


def acts() -> list[tuple[str, str, str]]:
    rows = Consent.objects.order_by("pk").values_list("game__email", "text__purpose", "act")
    return list(rows)


@pytest.mark.usefixtures("_each_way")
def test_consent_is_stored_with_its_text_time_and_page(agree: Any) -> None:
    mailing, data = make_text(), make_text("processing")
    before = timezone.now()
    answer = agree(
        {"mailing": True, "processing": False, "text": "1"}, Origin="https://promo.example.com"
    )
    assert (answer.status_code, answer.json()) == (200, NEW)
    assert acts() == [
        ("cem@test.ru", "mailing", "given"),
        ("cem@test.ru", "processing", "declined"),
    ]
    first, second = Consent.objects.order_by("pk")
    assert (first.text, second.text) == (mailing, data)
    assert before <= first.at <= timezone.now()
    assert (first.page, first.source, first.client, first.by) == (
        "https://promo.example.com",
        "play",
        None,
        None,
    )


@pytest.mark.usefixtures("_each_way")
def test_ip_address_is_stored_only_by_a_setting(agree: Any, settings: Settings) -> None:
    make_text()
    settings.CONSENT_KEEPS_IP = True
    agree({"mailing": True, "text": "1"})
    assert Consent.objects.get().client == "127.0.0.1"


@pytest.mark.parametrize(
    ("connection", "stored"), [("", None), ("fe80::1%eth0", "fe80::1"), ("10.0.0.1", "10.0.0.1")]
)
def test_connection_without_an_ip_address_costs_no_play(
    client: Client, settings: Settings, connection: str, stored: str | None
) -> None:
    make_text()
    settings.CONSENT_KEEPS_IP = True
    body = {"email": "cem@test.ru", "consent": {"mailing": True, "text": "1"}}
    client.post(URL, body, "application/json", REMOTE_ADDR=connection)
    assert Consent.objects.get().client == stored


def test_page_that_is_no_text_is_not_stored(agree: Any) -> None:
    make_text()
    assert agree({"mailing": True, "text": "1"}, Origin="https://\x1b[31m\0").status_code == 200
    assert Consent.objects.get().page == ""


def test_repeated_request_is_answered_after_its_text_retired(agree: Any) -> None:
    make_text()
    first = agree({"mailing": True, "text": "1"}, **{"Idempotency-Key": "key"})
    ConsentText.objects.update(retired_at=timezone.now())
    reload_texts()
    again = agree({"mailing": True, "text": "1"}, **{"Idempotency-Key": "key"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert agree({"mailing": True, "text": "1"}).status_code == 400
    assert Play.objects.count() == Consent.objects.count() == 1


def test_form_sends_nothing_for_an_empty_box(client: Client) -> None:
    make_text()
    body = "email=cem@test.ru&consent.text=1&consent.language=en"
    assert client.post(URL, body, "application/x-www-form-urlencoded").json() == NEW
    assert acts() == []


@pytest.mark.parametrize("more", ['"consent":{"\\ud800":true,"text":"1"}', '"\\ud800":1'])
def test_name_that_is_no_text_is_refused(client: Client, settings: Settings, more: str) -> None:
    settings.PLAY_FIELDS_STRICT = True
    answer = client.post(URL, f'{{"email":"cem@test.ru",{more}}}', "application/json")
    assert answer.status_code == 400
    assert not Play.objects.exists()


def test_form_carries_a_consent(client: Client) -> None:
    make_text()
    body = "email=cem@test.ru&consent.mailing=on&consent.text=1"
    assert client.post(URL, body, "application/x-www-form-urlencoded").json() == NEW
    assert acts() == [("cem@test.ru", "mailing", "given")]


@pytest.mark.parametrize("form", ["consent=on", "consent.mailing=perhaps&consent.text=1"])
def test_form_that_proves_nothing_is_refused(client: Client, form: str) -> None:
    make_text()
    body = f"email=cem@test.ru&{form}"
    answer = client.post(URL, body, "application/x-www-form-urlencoded")
    assert (answer.status_code, list(answer.json())) == (400, ["consent"])


def test_text_of_another_language_is_named(agree: Any) -> None:
    make_text(language="de")
    answer = agree({"mailing": True, "text": "1", "language": "de"})
    assert answer.status_code == 200
    assert Consent.objects.get().text.language == "de"


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (True, "Send an object"),
        (None, "Send an object"),
        ([], "Send an object"),
        ({}, "Name a purpose"),
        ({"mailing": True}, "Name a purpose"),
        ({"mailing": True, "text": 1}, "Name a purpose"),
        ({"text": "1"}, "Name a purpose"),
        ({"mailing": "perhaps", "text": "1"}, "must be true or false"),
        ({"mailing": None, "text": "1"}, "must be true or false"),
        ({"mailing": 1, "text": "1"}, "must be true or false"),
        ({"mailing": "true", "text": "1"}, "must be true or false"),
        ({"mailing": [True], "text": "1"}, "must be true or false"),
        ({"mailing": True, "text": "old"}, 'Send one of: "text": "1", "language": "en"'),
        ({"mailing": True, "text": "1", "language": "de"}, 'Send one of: "text": "1"'),
        ({"sms": True, "text": "1"}, "Its purposes: mailing."),
    ],
)
def test_consent_that_proves_nothing_is_refused(agree: Any, consent: Any, words: str) -> None:
    make_text()
    old = make_text(version="old")
    ConsentText.objects.filter(pk=old.pk).update(retired_at=timezone.now())
    answer = agree(consent)
    assert answer.status_code == 400
    assert list(answer.json()) == ["consent"]
    assert words in answer.json()["consent"][0]
    assert not Play.objects.exists()


def test_new_text_counts_at_once(agree: Any) -> None:
    assert agree({"mailing": True, "text": "1"}).status_code == 400
    make_text()
    assert agree({"mailing": True, "text": "1"}).status_code == 200


def test_text_never_changes() -> None:
    text = make_text()
    text.text = "Something else."
    with pytest.raises(ValidationError):
        text.save()
    with pytest.raises(ValidationError):
        ConsentText(purpose="text", language="en", version="1", text="I agree.").full_clean()
    assert str(text) == "mailing 1 (en)"


@pytest.mark.usefixtures("_each_way")
def test_contact_is_withheld_until_its_person_agrees(
    play: Any, agree: Any, settings: Settings
) -> None:
    settings.MAILING_CONSENT = "required"
    make_text()
    assert play("cem@test.ru").json() == NEW
    assert agree({"mailing": False, "text": "1"}).json()["esp_status"] is False
    assert not MockContact.objects.exists()
    assert Game.objects.get().contact_state == "withheld"
    assert agree({"mailing": True, "text": "1"}).json() == {
        "esp_status": False,
        "games_status": True,
        "games_count": 3,
    }
    assert Game.objects.get().contact_state == "added"
    assert MockContact.objects.get().email == "cem@test.ru"
    assert str(Consent.objects.first()) == "mailing 1 (en): given"


@pytest.mark.usefixtures("_each_way")
def test_first_play_with_consent_reaches_the_esp(agree: Any, settings: Settings) -> None:
    settings.MAILING_CONSENT = "required"
    make_text()
    assert agree({"mailing": True, "text": "1"}).json() == NEW
    assert MockContact.objects.get().email == "cem@test.ru"


def test_pending_contact_of_before_the_setting_is_withheld(
    play: Any, agree: Any, settings: Settings
) -> None:
    make_text()
    settings.ESP_OPTIONS = {"failing": True}
    play("cem@test.ru")
    agree({"mailing": True, "text": "1"}, "agreed@test.ru")
    Game.objects.update(contact_due_at=timezone.now())
    settings.ESP_OPTIONS = {}
    settings.MAILING_CONSENT = "required"
    assert play("cem@test.ru").json()["esp_status"] is False
    assert play("agreed@test.ru").json()["esp_status"] is False  # added now
    states = dict(Game.objects.values_list("email", "contact_state"))
    assert states == {"agreed@test.ru": "added", "cem@test.ru": "withheld"}


def test_delivery_withholds_whom_nobody_asked(agree: Any, settings: Settings) -> None:
    # Staff imported one; the other agreed while the ESP was away.
    make_text()
    settings.ESP_OPTIONS = {"failing": True}
    agree({"mailing": True, "text": "1"}, "agreed@test.ru")
    GameFactory(email="imported@test.ru", contact_state="pending")
    Game.objects.update(contact_due_at=timezone.now())
    settings.ESP_OPTIONS = {}
    settings.MAILING_CONSENT = "required"
    Delivery([ContactsJob()]).deliver_batch()
    states = dict(Game.objects.values_list("email", "contact_state"))
    assert states == {"agreed@test.ru": "added", "imported@test.ru": "withheld"}
    assert contact_queue.deliver_again(Game.objects.all()) == 1


@pytest.mark.parametrize("domain", ["mailinator.com", "a.mailinator.com"])
def test_disposable_address_is_counted_and_withheld(
    play: Any, settings: Settings, domain: str
) -> None:
    settings.DISPOSABLE_ADDRESSES = "withhold"
    assert play(f"cem@{domain}").json() == NEW
    play("cem@test.ru")
    states = dict(Game.objects.values_list("email", "contact_state"))
    assert states == {f"cem@{domain}": "withheld", "cem@test.ru": "added"}


def test_disposable_address_is_refused(play: Any, settings: Settings) -> None:
    settings.DISPOSABLE_ADDRESSES = "refuse"
    answer = play("cem@mailinator.com")
    assert answer.status_code == 400
    assert "throw-away" in answer.json()["email"][0]
    assert play("cem@test.ru").status_code == 200


def test_disposable_address_is_taken_by_default(play: Any) -> None:
    play("cem@mailinator.com")
    assert Game.objects.get().contact_state == "added"
