"""The public contract of POST /api/verification_mail/: whole bodies, literal addresses."""

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_started
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
)
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from esp.models import MockContact
from esp_mail.wsgi import application
from games.contact_state import ContactState
from games.models import Game, Play
from games.tests.conftest import URL

NOT_AN_OBJECT = 'The body must be a JSON object, such as {"email": "name@example.com"}.'
NOT_AN_OBJECT_RU = 'Тело запроса — объект JSON, например {"email": "name@example.com"}.'

PART = '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\ncem\r\n'
FILE = PART.replace('"email"', '"email"; filename="cem@test.ru"') + "--x--\r\n"
OTHER_TYPE = (
    "Unsupported media type “text/html”. Send application/json, text/plain with JSON, "
    "application/x-www-form-urlencoded or multipart/form-data."
)
OTHER_TYPE_RU = (
    "Неподдерживаемый тип данных «text/html». Отправьте application/json, text/plain с JSON, "
    "application/x-www-form-urlencoded или multipart/form-data."
)
TEXT = "\r\nContent-Type: text/plain; charset=koi8-r"
CASES = Path(__file__).parent / "requests"

Play_ = Callable[..., Any]


def test_first_play_unknown_to_the_esp(play: Play_) -> None:
    response = play("cem@test.ru")
    assert response.status_code == 200
    assert response.json() == {"esp_status": False, "games_status": False, "games_count": 1}
    assert MockContact.objects.get().email == "cem@test.ru"


def test_first_play_known_to_the_esp(play: Play_) -> None:
    MockContact.objects.create(email="cem@test.ru")
    assert play("cem@test.ru").json() == {
        "esp_status": True,
        "games_status": False,
        "games_count": 1,
    }


def test_later_plays(play: Play_) -> None:
    play("cem@test.ru")
    assert play("cem@test.ru").json() == {
        "esp_status": True,
        "games_status": True,
        "games_count": 2,
    }
    assert play("cem@test.ru").json()["games_count"] == 3


def test_esp_that_fails(play: Play_, settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    response = play("cem@test.ru")
    assert response.status_code == 200
    assert response.json() == {"esp_status": None, "games_status": False, "games_count": 1}


def test_esp_that_refuses_the_address(play: Play_, settings: Settings) -> None:
    settings.ESP_OPTIONS = {"rejecting": ["test.ru"]}
    assert play("cem@test.ru").json() == {
        "esp_status": False,
        "games_status": False,
        "games_count": 1,
    }
    assert play("cem@test.ru").json() == {
        "esp_status": False,
        "games_status": True,
        "games_count": 2,
    }


def test_one_person_is_one_row(play: Play_) -> None:
    play("cem@test.ru")
    assert play(" Cem@Test.RU\n").json()["games_count"] == 2
    assert Game.objects.get().email == "cem@test.ru"


def test_form_encoded(client: Client, db: None) -> None:
    response = client.post(URL, "email=cem%40test.ru", "application/x-www-form-urlencoded")
    assert response.json() == {"esp_status": False, "games_status": False, "games_count": 1}
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("case", sorted(CASES.glob("*.http")), ids=lambda path: path.stem)
def test_raw_request_is_counted(client: Client, db: None, case: Path) -> None:
    """A beacon, FormData and a byte order mark, as programs send them."""
    head, _blank, body = case.read_bytes().partition(b"\r\n\r\n")
    (content_type,) = re.findall(r"Content-Type: (.*)\r", head.decode())
    response = client.generic("POST", URL, body, content_type)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == {"esp_status": False, "games_status": False, "games_count": 1}
    assert f"{Game.objects.get().email}".endswith("@example.com")


def test_address_in_a_part_with_a_charset_of_its_own(client: Client, db: None) -> None:
    body = PART.replace("cem\r", "cem@пример.рф\r").replace("\r\n\r\n", TEXT + "\r\n\r\n")
    form = "multipart/form-data; boundary=x; charset=rot13"
    assert client.generic("POST", URL, f"{body}--x--\r\n", form).status_code == 200
    assert Game.objects.get().email == "cem@xn--e1afmkfd.xn--p1ai"


def test_slash_may_be_left_out(client: Client, db: None) -> None:
    response = client.post(URL.rstrip("/"), {"email": "cem@test.ru"}, "application/json")
    assert response.status_code == 200


def test_any_accept_header_is_answered_in_json(play: Play_) -> None:
    response = play("cem@test.ru", Accept="text/html")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_browser_signed_in_to_the_admin_needs_no_csrf_token(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("admin"))
    response = client.post(URL, {"email": "cem@test.ru"}, "application/json")
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "language", "expected"),
    [
        ({}, "en", {"email": ["This field is required."]}),
        ({}, "ru", {"email": ["Обязательное поле."]}),
        ({"email": ""}, "en", {"email": ["This field may not be blank."]}),
        ({"email": None}, "en", {"email": ["This field may not be null."]}),
        ({"email": ["cem@test.ru"]}, "en", {"email": ["The address must be a string."]}),
        ({"email": {"a": 1}}, "ru", {"email": ["Адрес должен быть строкой."]}),
        ({"email": True}, "en", {"email": ["The address must be a string."]}),
        (
            {"email": 7},
            "en",
            {"email": ["An email address has an “@”, as in name@example.com."]},
        ),
        (
            {"email": "cem"},
            "ru",
            {"email": ["В адресе должен быть знак «@», как в name@example.com."]},
        ),
        (["cem@test.ru"], "en", {"non_field_errors": [NOT_AN_OBJECT]}),
        ("cem@test.ru", "en", {"non_field_errors": [NOT_AN_OBJECT]}),
        (None, "ru", {"non_field_errors": [NOT_AN_OBJECT_RU]}),
    ],
)
def test_bad_input(
    client: Client, db: None, body: object, language: str, expected: dict[str, list[str]]
) -> None:
    response = client.post(
        URL, json.dumps(body), "application/json", headers={"Accept-Language": language}
    )
    assert (response.status_code, response.json()) == (400, expected)
    assert not Game.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("", "application/json", 400),
        ("{", "application/json", 400),
        (b'{"email": "\xff"}', "application/json", 400),
        ('{"email": "\\u0000cem@test.ru"}', "application/json", 400),
        ('{"email": "\\ud800@test.ru"}', "application/json", 400),
        ('{"email": NaN}', "application/json", 400),
        ('{"email": ' + "9" * 5000 + "}", "application/json", 400),
        ("[" * 16_000, "application/json", 400),
        ('{"email": "cem@\\ud800.ru"}', "application/json", 400),
        ("", "application/x-www-form-urlencoded", 400),
        ("email=%FF%FE", "application/x-www-form-urlencoded", 400),
        ("email=a&" + "x=1&" * 2000, "application/x-www-form-urlencoded", 400),
        ('{"email": "' + "a" * 16_384 + '"}', "application/json", 413),
        ("email=" + "a" * 16_384, "application/x-www-form-urlencoded", 413),
        ("a" * 3_000_000, "application/json", 413),
        ("email=cem@test.ru", "text/plain", 400),
        ("", "text/plain", 400),
        ("a" * 16_385, "text/plain", 413),
        ('{"email": "cem@test.ru"}', "text/html", 415),
        ('{"email": "cem@test.ru"}', "application/problem+json", 415),
        ('{"email": "cem@test.ru"}', "", 415),
        ("email=cem%40test.ru", "multipart/form-data", 400),
        ("--x--", "multipart/form-data; boundary=x", 400),
        (FILE, "multipart/form-data; boundary=x", 400),
        (PART * 200 + "--x--\r\n", "multipart/form-data; boundary=x", 400),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "application/json", 400),
        ('{"email": "cem@test.ru"}'.encode("utf-16"), "application/json", 400),
    ],
)
def test_bad_body(
    client: Client, db: None, body: str | bytes, content_type: str, status: int
) -> None:
    # Not client.post(), which encodes the body as the content type asks.
    response = client.generic("POST", URL, body, content_type)
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")
    assert response.json().keys() & {"detail", "email", "non_field_errors"}
    assert not Game.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "language", "expected"),
    [
        ("{", "application/json", "en", "The body is not valid JSON."),
        ("{", "application/json", "ru", "Тело запроса — не JSON."),
        ("a" * 16_385, "application/json", "en", "The request is too large."),
        ("a" * 16_385, "application/json", "ru", "Запрос слишком велик."),
        ("a", "text/html", "en", OTHER_TYPE),
        ("a", "text/html", "ru", OTHER_TYPE_RU),
        ("a", "text/plain", "en", "The body is not valid JSON."),
    ],
)
def test_bad_body_is_explained(
    client: Client, db: None, body: str, content_type: str, language: str, expected: str
) -> None:
    response = client.post(URL, body, content_type, headers={"Accept-Language": language})
    assert response.json() == {"detail": expected}


@pytest.mark.parametrize("charset", ["rot13", "punycode", "utf-16", "nonsense"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"email": "cem@test.ru"}', "application/json"),
        (b"email=cem%40test.ru", "application/x-www-form-urlencoded"),
    ],
)
def test_body_is_utf8_whatever_the_charset_says(
    client: Client, db: None, body: bytes, content_type: str, charset: str
) -> None:
    response = client.generic("POST", URL, body, f"{content_type}; charset={charset}")
    assert response.json()["games_count"] == 1


@pytest.fixture
def quiet_signals(db: None) -> Iterator[None]:
    """Keep the test's connection, as Django's client does."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"CONTENT_LENGTH": "100"}, 400),
        ({"CONTENT_LENGTH": "²"}, 400),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded; a*=x'y'z"}, 415),
        ({"CONTENT_TYPE": "application/json; a*=utf-9''%FF"}, 415),
    ],
)
def test_broken_headers(
    rf: RequestFactory, quiet_signals: None, headers: dict[str, str], status: int
) -> None:
    """Through the WSGI application itself: some of these break before Django's handlers begin."""
    form = "application/x-www-form-urlencoded"
    environ = rf.generic("POST", URL, b"email=cem%40test.ru", form).environ | headers
    environ["wsgi.input"] = io.BytesIO(b"email=cem%40test.ru")
    statuses: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        statuses.append(status[:3])

    response = application(environ, start_response)
    assert statuses == [str(status)]
    assert json.loads(b"".join(response)).keys() == {"detail"}
    assert not Game.objects.exists()


def test_largest_body_is_read(client: Client, db: None) -> None:
    body = '{"email": "cem@test.ru"}'
    response = client.post(URL, body + " " * (16_384 - len(body)), "application/json")
    assert response.status_code == 200


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_wrong_method(client: Client, db: None, method: str, language: str) -> None:
    response = getattr(client, method)(URL, headers={"Accept-Language": language})
    detail = {
        "en": f'Method "{method.upper()}" not allowed.',
        "ru": f'Метод "{method.upper()}" не разрешен.',
    }[language]
    assert (response.status_code, response.json()) == (405, {"detail": detail})


def test_same_key_answers_the_same_and_counts_nothing(play: Play_) -> None:
    first = play("cem@test.ru", "key")
    repeated = play("Cem@test.ru", "key")
    assert (repeated.status_code, repeated.json()) == (200, first.json())
    assert Game.objects.get().play_count == Play.objects.count() == 1


def test_same_key_answers_the_same_after_later_plays(play: Play_) -> None:
    play("cem@test.ru", "one")
    play("cem@test.ru", "two")
    assert play("cem@test.ru", "one").json() == {
        "esp_status": False,
        "games_status": False,
        "games_count": 1,
    }


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "This Idempotency-Key was used with another address. Make a new one."),
        ("ru", "Этот Idempotency-Key уже использован с другим адресом. Создайте новый."),
    ],
)
def test_same_key_with_another_address(play: Play_, language: str, detail: str) -> None:
    play("cem@test.ru", "key")
    response = play("ann@test.ru", "key", **{"Accept-Language": language})
    assert (response.status_code, response.json()) == (422, {"detail": detail})
    assert Game.objects.get().email == "cem@test.ru"


@pytest.mark.parametrize("key", ["", "a" * 256, "tab\t", "é", "\x7f"])
def test_bad_key(play: Play_, key: str) -> None:
    response = play("cem@test.ru", key)
    assert response.status_code == 400
    assert response.json() == {
        "Idempotency-Key": ["The key must have 1 to 255 printable ASCII characters."]
    }
    assert not Game.objects.exists()


def test_longest_key(play: Play_) -> None:
    assert play("cem@test.ru", "~ " * 127 + "a").status_code == 200


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, DatabaseError])
def test_database_that_is_away(
    play: Play_,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise error("cem@test.ru")

    monkeypatch.setattr("games.services.count_play", refuse)
    response = play("cem@test.ru")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {
        "detail": "The service is not available at the moment. Try again in a few seconds."
    }
    assert error.__name__ in caplog.text
    assert "cem@" not in caplog.text


@pytest.mark.skipif(connection.vendor == "sqlite", reason="about PostgreSQL")
def test_standby_counts_nothing(play: Play_) -> None:
    """A pool or a name may lead to one while the roles change."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    response = play("cem@test.ru")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_returning_play_asks_no_esp(
    play: Play_, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    play("cem@test.ru")
    settings.ESP_OPTIONS = {"failing": True}
    # On SQLite: savepoint, select, update, insert, release.
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 5):
        assert play("cem@test.ru").json()["esp_status"] is True


def test_game_added_by_hand_is_settled_by_its_first_play(play: Play_) -> None:
    game = Game.objects.create(email="cem@test.ru")
    assert play("cem@test.ru").json() == {
        "esp_status": False,
        "games_status": False,
        "games_count": 1,
    }
    game.refresh_from_db()
    assert game.contact_state == ContactState.ADDED
