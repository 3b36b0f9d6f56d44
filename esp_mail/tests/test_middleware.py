"""A play goes past the middlewares; its answer is as if it had not."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.translation import override
from pytest_django import Settings

from esp_mail.middleware import MOST_KNOWN, PLAYS, PublicAPIMiddleware

API = PLAYS[0]
AGENCY = {"Origin": "https://play.example.com"}
ORIGINS: list[dict[str, str]] = [{}, AGENCY, {"Origin": "https://evil.example"}]
# What an answer says of itself, and not what all answers say.
OWN = {"Content-Length", "X-Request-ID"}


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Leave no language behind: a server sets the next request's at its start."""
    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _deployed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY["Origin"]]
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.ALLOWED_HOSTS = ["one.example", "two.example", "testserver"]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def play(client: Client, headers: dict[str, str] | None = None, *, secure: bool = True) -> Any:
    body = {"email": "cem@test.ru"}
    return client.post(API, body, "application/json", secure=secure, headers=headers)


def common(response: Any) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name not in OWN}
    return headers | {"Vary": sorted(headers["Vary"].lower().split(", "))}


def test_play_is_answered_with_the_headers_of_every_answer(client: Client, db: None) -> None:
    languages = [{"Accept-Language": language} for language in ("en", "ru")]
    cases = [origin | language for origin in ORIGINS for language in languages]
    for headers in cases * 2:  # asked for, then remembered
        answer = play(client, headers)
        another = client.get(API, secure=True, headers=headers)
        assert (answer.status_code, another.status_code) == (200, 405)
        assert common(answer) == common(another)
        assert answer.headers["Content-Language"] == headers["Accept-Language"]
        assert answer.headers["Content-Length"] == str(len(answer.content))
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (AGENCY["Origin"] if headers.items() >= AGENCY.items() else None)
        assert answer.headers["Strict-Transport-Security"] == "max-age=3600"
        assert answer.headers["Allow"] == "POST"


def test_refused_play_has_the_headers_too(client: Client) -> None:
    answer = client.post(API, {}, "application/json", secure=True, headers=AGENCY)
    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] == AGENCY["Origin"]
    assert "Content-Security-Policy" in answer.headers


def test_what_a_preflight_is_told_is_no_answer_to_a_play(client: Client, db: None) -> None:
    client.options(API, secure=True, headers=AGENCY | {"Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Methods" not in play(client, AGENCY).headers


def test_play_without_https_is_sent_to_the_host_it_asked_for(client: Client, db: None) -> None:
    assert play(client).status_code == 200
    for host in ("one.example", "two.example"):
        answer = play(client, {"Host": host}, secure=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{host}{API}")


@pytest.mark.parametrize("secure", [True, False])
def test_wrong_host_is_said_to_the_agencys_page_too(client: Client, secure: bool) -> None:
    answer = play(client, AGENCY | {"Host": "evil.example"}, secure=secure)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Bad request."})
    assert answer.headers["Access-Control-Allow-Origin"] == AGENCY["Origin"]


def test_origins_do_not_fill_the_memory() -> None:
    middleware = PublicAPIMiddleware(mock.Mock())
    with mock.patch.object(middleware, "answer", side_effect=lambda _request: HttpResponse()):
        for n in range(2 * MOST_KNOWN + 1):
            headers = {"Origin": f"https://{n}.example"}
            request = RequestFactory().post(API, secure=True, headers=headers)
            assert middleware(request).status_code == 200
    assert 0 < len(middleware.known) <= MOST_KNOWN


def test_djangos_page_of_an_error_may_style_itself(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    with mock.patch("games.views.record_play", side_effect=RuntimeError):
        answer = play(client)
    assert answer.status_code == 500
    assert "Content-Security-Policy" not in answer.headers
