"""SES where moto differs from AWS. botocore's Stubber gives AWS's answers instead."""

import gzip
import sys
import threading
from importlib import import_module
from typing import Any

import pytest
from botocore.stub import Stubber
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

import esp.backends.ses
from esp.backends.ses import SESBackend
from esp.deadline import time_budget
from esp.errors import (
    ContactRejected,
    ESPError,
    ESPMisconfigured,
    ESPUnavailable,
    RateLimited,
)
from testing.esp.backend_cases import REGION, SESCase
from testing.esp.brevo import FakeBrevo
from testing.esp.server import Reply

EMAIL = "cem@test.ru"
NO_LIST = "List with name: game doesn't exist"
REFUSALS = [
    (("NotFoundException", 404, "Contact does not exist"), "get_contact", False),
    (("NotFoundException", 404, NO_LIST), "get_contact", ESPMisconfigured),
    (("NotFoundException", 404, "list@test.ru is not there"), "get_contact", False),
    (("NotFoundException", 404, NO_LIST), "create_contact", ESPMisconfigured),
    (("AlreadyExistsException", 400, "cem@test.ru is there"), "create_contact", None),
    (("BadRequestException", 400, "Email address is invalid"), "create_contact", ContactRejected),
    (("BadRequestException", 400, "Something else"), "create_contact", ESPUnavailable),
    (("TooManyRequestsException", 429, ""), "create_contact", ESPUnavailable),
    (("ThrottlingException", 400, "Rate exceeded"), "get_contact", ESPUnavailable),
    (("AccessDeniedException", 403, ""), "get_contact", ESPMisconfigured),
    (("UnrecognizedClientException", 403, ""), "create_contact", ESPMisconfigured),
    (("ExpiredTokenException", 400, ""), "get_contact", ESPMisconfigured),
    (("InternalFailure", 500, ""), "get_contact", ESPUnavailable),
    (("NotFoundException", 404, "Contact does not exist"), "delete_contact", None),
    (("NotFoundException", 404, NO_LIST), "delete_contact", ESPMisconfigured),
    (
        ("NotFoundException", 404, "The contact list game was not found"),
        "delete_contact",
        ESPMisconfigured,
    ),
    (("AccessDeniedException", 403, ""), "delete_contact", ESPMisconfigured),
    (("403", 403, "Blocked"), "create_contact", ESPUnavailable),
    (("401", 401, ""), "create_contact", ESPMisconfigured),
    (("LimitExceeded", 429, ""), "create_contact", RateLimited),
]


@pytest.fixture
def backend(moto: str) -> SESBackend:
    return SESBackend(**SESCase(moto).options())


@pytest.mark.parametrize(("refusal", "operation", "meaning"), REFUSALS)
def test_refusal(
    backend: SESBackend, refusal: tuple[str, int, str], operation: str, meaning: Any
) -> None:
    ask = {
        "get_contact": backend.has_contact,
        "create_contact": backend.add_contact,
        "delete_contact": backend.remove_contact,
    }[operation]
    with Stubber(backend._client()) as stubber:
        code, status, message = refusal
        stubber.add_client_error(operation, code, message, http_status_code=status)
        if isinstance(meaning, type) and issubclass(meaning, ESPError):
            with pytest.raises(meaning):
                ask(EMAIL)
        else:
            assert ask(EMAIL) is meaning


def test_slash_of_an_address_is_escaped(backend: SESBackend) -> None:
    urls: list[str] = []
    backend._client().meta.events.register(
        "before-send", lambda request, **_kwargs: urls.append(request.url)
    )

    with pytest.raises(ESPUnavailable):  # moto decodes before it routes
        backend.has_contact("a/b@test.ru")

    assert [url.rpartition("/contacts/")[2] for url in urls] == ["a%2Fb%40test.ru"]


def test_list_is_found_or_misconfigured(moto: str, backend: SESBackend) -> None:
    backend.check_list()

    with pytest.raises(ESPMisconfigured):
        SESBackend(list_name="else", region=REGION, base_url=moto).check_list()


@pytest.mark.parametrize("mode", ["slow", "drip", "drip-headers"])
def test_call_ends_before_a_slow_server_does(moto: str, brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode
    backend = SESBackend(list_name="game", region=REGION, base_url=brevo.url, timeout=600)

    with time_budget(0.5), pytest.raises(ESPUnavailable, match="in time"):
        backend.has_contact(EMAIL)

    assert brevo.finished == 0
    brevo.stopping.set()
    backend._threads.shutdown()


@pytest.mark.parametrize("mode", ["down", "garbage", "nonsense", "hang-up"])
def test_broken_answer_is_unavailable(moto: str, brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode

    with pytest.raises(ESPUnavailable):
        SESBackend(list_name="game", region=REGION, base_url=brevo.url).has_contact(EMAIL)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<h1>Sign in to this network</h1>"),
        Reply(200, {"status": "maintenance"}),
        Reply(200, {"ContactListName": "game", "EmailAddress": "eva@test.ru"}),
        Reply(200, b"\xff\xfe"),
        Reply(202, {}),
        Reply(204),
        Reply(302, headers={"Location": "https://else.example/"}),
        Reply(403, b"<h1>Blocked</h1>"),
    ],
)
@pytest.mark.parametrize("method", ["has_contact", "add_contact", "remove_contact"])
def test_foreign_answer_is_no_success(
    moto: str, brevo: FakeBrevo, reply: Reply, method: str
) -> None:
    brevo.always = reply

    with pytest.raises(ESPUnavailable) as caught:
        getattr(SESBackend(list_name="game", region=REGION, base_url=brevo.url), method)(EMAIL)

    assert caught.value.answered


def test_compressed_answer_in_other_letters_is_read(moto: str, brevo: FakeBrevo) -> None:
    known = b'{"ContactListName": "game", "EmailAddress": "Cem@test.ru"}'
    brevo.always = Reply(200, gzip.compress(known), {"Content-Encoding": "gzip"})

    assert SESBackend(list_name="game", region=REGION, base_url=brevo.url).has_contact(EMAIL)


def test_missing_credentials_are_misconfigured(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    with pytest.raises(ESPMisconfigured, match="NoCredentials"):
        SESBackend(list_name="game", region=REGION, base_url=moto).has_contact(EMAIL)


@pytest.fixture
def ses_without_boto3(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Import the backend anew, as on a machine without the extra."""
    monkeypatch.setattr(esp.backends, "ses", esp.backends.ses)  # restored after the test
    monkeypatch.delitem(sys.modules, "esp.backends.ses")
    monkeypatch.setitem(sys.modules, "boto3", None)
    return import_module("esp.backends.ses")


def test_missing_boto3_is_named(ses_without_boto3: Any) -> None:
    with pytest.raises(ESPMisconfigured, match=r"esp-mail\[ses\]"):
        ses_without_boto3.SESBackend(list_name="game", region=REGION).has_contact(EMAIL)


def test_check_without_boto3(ses_without_boto3: Any, settings: Settings) -> None:
    settings.ESP_BACKEND = "esp.backends.ses.SESBackend"
    settings.ESP_OPTIONS = {"list_name": "game"}

    assert [message.id for message in run_checks() if message.id == "esp.E009"] == ["esp.E009"]


def test_creating_a_backend_starts_no_thread() -> None:
    before = threading.active_count()

    SESBackend(list_name="game")

    assert threading.active_count() == before
