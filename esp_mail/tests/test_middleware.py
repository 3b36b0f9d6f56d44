"""A play goes past the middlewares; its answer is as if it had not."""

from typing import Any
from unittest import mock

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from esp_mail.middleware import MOST_KNOWN, PUBLIC_API, PublicAPIMiddleware

API = PUBLIC_API[0]
AGENCY = "https://play.example.com"
PLAY = {"email": "cem@test.ru"}
# What an answer says of itself, and not what all answers say.
OWN = {"Allow", "Content-Length", "X-Request-ID"}


def common(response: Any) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name not in OWN}
    return headers | {"Vary": sorted(headers["Vary"].lower().split(", "))}


@pytest.fixture(autouse=True)
def _deployed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY]
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.ALLOWED_HOSTS = ["one.example", "two.example", "testserver"]


def test_play_is_answered_with_the_headers_of_every_answer(client: Client, db: None) -> None:
    origins: list[dict[str, str]] = [{}, {"Origin": AGENCY}, {"Origin": "https://evil.example"}]
    languages = [{"Accept-Language": language} for language in ("en", "ru")]
    cases = [origin | language for origin in origins for language in languages]
    for headers in cases * 2:  # asked for, then remembered
        play = client.post(API, PLAY, "application/json", secure=True, headers=headers)
        another = client.get(API, secure=True, headers=headers)
        assert (play.status_code, another.status_code) == (200, 405)
        assert common(play) == common(another)
        assert play.headers["Content-Language"] == headers["Accept-Language"]
        allowed = play.headers.get("Access-Control-Allow-Origin")
        assert allowed == (AGENCY if headers.get("Origin") == AGENCY else None)
        assert "Strict-Transport-Security" in play.headers


def test_refused_play_has_the_headers_too(client: Client) -> None:
    answer = client.post(API, {}, "application/json", secure=True, headers={"Origin": AGENCY})
    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] == AGENCY
    assert "Content-Security-Policy" in answer.headers


def test_play_without_https_is_sent_to_the_host_it_asked_for(client: Client) -> None:
    for host in ("one.example", "two.example"):
        answer = client.post(API, PLAY, "application/json", headers={"Host": host})
        assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{host}{API}")


def test_origins_do_not_fill_the_memory() -> None:
    middleware = PublicAPIMiddleware(mock.Mock())
    with mock.patch.object(middleware, "answer", side_effect=lambda _request: HttpResponse()):
        for n in range(2 * MOST_KNOWN + 1):
            headers = {"Origin": f"https://{n}.example"}
            request = RequestFactory().post(API, secure=True, headers=headers)
            assert middleware(request).status_code == 200
    assert 0 < len(middleware.known) <= MOST_KNOWN
