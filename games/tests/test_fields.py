"""What a play brings beside the address: PLAY_FIELDS."""

from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from games import counting
from games.metrics import IGNORED_FIELDS
from games.models import Play
from games.rules import conf, extras
from games.tests.conftest import URL

pytestmark = pytest.mark.django_db
FIELDS = {"name": "text:20", "utm_source": "text:5", "score": "integer", "adult": "boolean"}


@pytest.fixture(autouse=True)
def _fields(settings: Settings) -> None:
    settings.PLAY_FIELDS = conf.play_fields(FIELDS)


def send(client: Client, **fields: Any) -> Any:
    return client.post(URL, {"email": "cem@test.ru", **fields}, "application/json")


def test_fields_are_stored_typed(client: Client) -> None:
    sent = {"name": " Кем <b> ", "utm_source": "vk", "score": 42, "adult": True}
    assert send(client, **sent).status_code == 200
    assert Play.objects.get().fields == {**sent, "name": "Кем <b>"}


def test_fields_are_stored_with_the_row_locked(client: Client) -> None:
    with patch.object(counting, "_count_at_once", lambda _play: None):
        send(client, score=1)
        send(client)
    assert list(Play.objects.order_by("pk").values_list("fields", flat=True)) == [
        {"score": 1},
        None,
    ]


@pytest.mark.parametrize("name", ["Анна\u00a0К", "👩\u200d🚀", "می\u200cخواهم"])
def test_names_of_all_scripts_are_stored(client: Client, name: str) -> None:
    send(client, name=name)
    assert Play.objects.get().fields == {"name": name}


def test_form_brings_fields(client: Client) -> None:
    body = "email=cem@test.ru&score=42&adult=on&name="
    client.post(URL, body, "application/x-www-form-urlencoded")
    assert Play.objects.get().fields == {"score": 42, "adult": True}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "x" * 10_000),
        ("name", "\x1b[31mred"),
        ("name", "\u202egnp.exe"),
        ("name", "two\u2028lines"),
        ("name", "nul\x00"),
        ("name", "\ud800"),
        ("name", {"a": 1}),
        ("name", ["a"]),
        ("utm_source", "longer"),
        ("score", "many"),
        ("score", 10**40),
        ("score", 1.5),
        ("score", [1]),
        ("adult", "perhaps"),
        ("adult", {}),
        ("unknown", "x"),
        ("__proto__", "x"),
        ("number\r\nSet-Cookie: a=b", "x"),
    ],
)
def test_bad_field_costs_no_play(client: Client, settings: Settings, name: str, value: Any) -> None:
    before = IGNORED_FIELDS._value.get()
    answer = send(client, **{name: value})
    assert answer.status_code == 200
    assert "X-Ignored-Fields" not in answer.headers
    assert Play.objects.get().fields is None
    assert IGNORED_FIELDS._value.get() == before + 1
    settings.PLAY_FIELDS_STRICT = True
    answer = send(client, **{name: value})
    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert Play.objects.count() == 1


def test_ignored_fields_are_named_to_developers(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    answer = send(client, score="many", colour="red", name="Cem")
    assert answer.headers["X-Ignored-Fields"] == "'score', 'colour'"


def test_site_without_fields_ignores_all(client: Client, settings: Settings) -> None:
    settings.PLAY_FIELDS = {}
    assert send(client, name="Cem").status_code == 200
    assert Play.objects.get(fields__isnull=True)  # not JSON's null


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "text:10"},
        {"consent": "text:10"},
        {"Name": "text:10"},
        {"isnull": "boolean"},
        {"range": "integer"},
        {"first__name": "text:10"},
        {"name_": "text:10"},
        {"name": "text"},
        {"name": "text:0"},
        {"name": "text:99999"},
        {"name": 100},
        {"": "integer"},
    ],
)
def test_wrong_setting_is_named(fields: dict[str, Any]) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLAY_FIELDS"):
        conf.play_fields(fields)


@given(
    kind=st.sampled_from(["text", "integer", "boolean"]),
    value=st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.floats()),
)
def test_value_taken_without_the_validator_is_what_the_validator_returns(
    kind: str, value: Any
) -> None:
    if extras._is_plain(value, kind, 5):
        validated = extras._validator(kind, 5).run_validation(value)
        assert (type(validated), validated) == (type(value), value)


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**40, True, "1", 1.0])
def test_integer_that_javascript_cannot_hold_is_for_the_validator(value: Any) -> None:
    assert not extras._is_plain(value, "integer", 0)
