"""The fast path answers a play exactly as Django's handler with all of MIDDLEWARE does."""

from typing import Any
from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from pytest_django import Settings

from esp.models import MockContact
from esp_mail import wsgi
from esp_mail.wsgi import MAX_KNOWN_HEADERS, PageHandler, PlayHandler
from games.models import Game
from testing.wsgi import URL, Answer, call, play_environ

AGENCY = {"Origin": "https://play.example.com"}
ORIGINS: list[dict[str, str]] = [{}, AGENCY, {"Origin": "https://evil.example"}]


@pytest.fixture(autouse=True)
def _deployed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY["Origin"]]
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    settings.ALLOWED_HOSTS = ["one.example", "two.example", "testserver"]


def comparable(answer: Answer) -> tuple[int, dict[str, Any], bytes]:
    """Return the answer without its request id, and with Vary as a set."""
    headers: dict[str, Any] = {name.lower(): value for name, value in answer.headers}
    assert len(headers) == len(answer.headers), "a header is sent twice"
    assert len(headers.pop("x-request-id")) == 32
    headers["vary"] = set(headers.get("vary", "").lower().split(", "))
    return answer.status, headers, answer.body


def test_both_handlers_answer_a_play_alike(db: None) -> None:
    plays, pages = PlayHandler(), PageHandler()
    languages = [{"Accept-Language": language} for language in ("en", "ru")]
    cases = [origin | language for origin in ORIGINS for language in languages]
    for headers in cases * 2:  # the headers are computed, then remembered
        fast = call(plays, play_environ(headers=headers))
        forget_everything()
        slow = call(pages, play_environ(headers=headers))
        forget_everything()
        assert fast.status == 200
        assert comparable(fast) == comparable(slow)


def forget_everything() -> None:
    Game.objects.all().delete()
    MockContact.objects.all().delete()


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("host", ["one.example", "evil.example"])
@pytest.mark.parametrize("email", ["cem@test.ru", "cem", ["cem"]])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "a/b; x*=nope''%ff"])
def test_both_handlers_refuse_alike(
    db: None, secure: bool, host: str, email: object, content_type: str
) -> None:
    answers = []
    for handler in (PlayHandler(), PageHandler()):
        environ = play_environ(email, secure=secure, headers=AGENCY | {"Host": host})
        environ["CONTENT_TYPE"] = content_type
        answers.append(comparable(call(handler, environ)))
        forget_everything()
    fast, slow = answers
    if not secure or host == "evil.example":  # nothing looked at the language
        slow[1].pop("content-language", None)
        slow[1]["vary"].discard("accept-language")
        fast[1]["vary"].discard("accept-language")
    assert fast == slow
    assert fast[1]["access-control-allow-origin"] == AGENCY["Origin"]


def test_error_of_the_program_is_answered_alike(db: None) -> None:
    answers = []
    for handler in (PlayHandler(), PageHandler()):
        with mock.patch("games.views.record_play", side_effect=RuntimeError):
            answers.append(comparable(call(handler, play_environ(headers=AGENCY))))
    fast, slow = answers
    assert fast == slow
    assert (fast[0], fast[2]) == (500, b'{"detail": "Something went wrong."}')


def test_play_without_https_is_sent_to_the_host_it_asked_for(db: None) -> None:
    handler = PlayHandler()
    for host in ("one.example", "two.example"):
        answer = call(handler, play_environ(secure=False, headers={"Host": host}))
        assert (answer.status, answer.header_dict["Location"]) == (301, f"https://{host}{URL}")
    assert not Game.objects.exists()


def test_clients_do_not_fill_the_memory() -> None:
    handler = PlayHandler()
    with mock.patch.object(handler, "answer", side_effect=lambda _request: HttpResponse()):
        for n in range(2 * MAX_KNOWN_HEADERS + 1):
            origin = {"Origin": f"https://{n}.example"}
            assert call(handler, play_environ(headers=origin)).status == 200
    assert 0 < len(handler.known_headers) <= MAX_KNOWN_HEADERS


@pytest.mark.parametrize(
    ("method", "path", "debug", "handler"),
    [
        ("POST", URL, False, "plays"),
        ("POST", URL.rstrip("/"), False, "plays"),
        ("GET", URL, False, "pages"),
        ("POST", "/api/games/", False, "pages"),
        ("POST", URL, True, "pages"),  # an error has Django's own page then
    ],
)
def test_only_plays_take_the_fast_path(
    settings: Settings, method: str, path: str, debug: bool, handler: str
) -> None:
    settings.DEBUG = debug
    with (
        mock.patch.object(wsgi.PlayHandler, "__call__", return_value=iter(["plays"])),
        mock.patch.object(wsgi, "pages", return_value=iter(["pages"])),
    ):
        answer = wsgi.application({"REQUEST_METHOD": method, "PATH_INFO": path}, mock.Mock())
    assert [*map(str, answer)] == [handler]


def test_djangos_page_of_an_error_may_style_itself(settings: Settings, db: None) -> None:
    settings.DEBUG = True
    with mock.patch("games.views.record_play", side_effect=RuntimeError):
        answer = call(PageHandler(), play_environ())
    assert answer.status == 500
    assert "Content-Security-Policy" not in answer.header_dict


def test_needless_signal_receivers_are_disconnected() -> None:
    """Django returns False if it renamed one."""
    assert wsgi.DISCONNECTED == [True] * 4
    assert "esp_mail.probes.ProbesMiddleware" in django_settings.MIDDLEWARE
