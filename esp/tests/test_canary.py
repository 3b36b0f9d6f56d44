"""No address and no key gets into a log, a repr or an exception's text, whatever fails."""

import logging
import traceback
from typing import Any
from urllib.parse import quote

import pytest

from esp.backends.base import ForgetsContacts
from esp.backends.ses import SESBackend
from esp.errors import ESPError
from testing.esp.backend_cases import REGION
from testing.esp.brevo import FakeBrevo
from testing.esp.server import REFUSED, FakeESP, Reply

EMAIL = "canary+1@canary.example"
ECHO = Reply(400, {"code": EMAIL, "title": EMAIL, "message": EMAIL, "errors": [{"code": EMAIL}]})
MODES = ["ok", "down", "limited", "garbage", "truncated", "nonsense", "bad-headers", "hang-up"]
MODES += ["redirect", "slow"]


def everything_shown_by(error: BaseException | None) -> str:
    """Return what any report could show of the error, suppressed causes included."""
    texts = []
    while error is not None:
        texts += [repr(error), str(vars(error)), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    return "".join(texts)


def is_clean(text: str) -> bool:
    return "canary" not in text.replace("test_canary", "") and quote(EMAIL, safe="") not in text


def removal_of(backend: Any) -> list[Any]:
    return [backend.remove_contact] if isinstance(backend, ForgetsContacts) else []


def ask_all(backend: Any, *emails: str) -> list[str]:
    texts_shown = [repr(backend), str(backend)]
    for email in emails:
        for method in (backend.has_contact, backend.add_contact, *removal_of(backend)):
            try:
                method(email)
            except ESPError as error:
                texts_shown.append(everything_shown_by(error))
    return texts_shown


@pytest.mark.parametrize("mode", MODES)
def test_nothing_leaks(fake: FakeESP, all_logs: Any, mode: str) -> None:
    fake.mode = mode

    texts_shown = ask_all(fake.backend(**fake.options() | {"timeout": 0.2}), EMAIL, REFUSED)

    assert [text for text in texts_shown if not is_clean(text)] == []
    assert [r.getMessage() for r in all_logs.records if not is_clean(r.getMessage())] == []


def test_nothing_leaks_from_an_answer_that_repeats_the_address(
    fake: FakeESP, all_logs: Any
) -> None:
    fake.always = ECHO

    texts_shown = ask_all(fake.backend(**fake.options()), EMAIL)

    assert [text for text in texts_shown if not is_clean(text)] == []
    assert [r.getMessage() for r in all_logs.records if not is_clean(r.getMessage())] == []


@pytest.mark.parametrize("options", [{"api_key": "canary\nkey"}, {"api_key": "canary-ключ"}])
def test_malformed_key_does_not_leak(fake: FakeESP, all_logs: Any, options: dict[str, Any]) -> None:
    texts_shown = ask_all(fake.backend(**fake.options() | options), EMAIL)

    assert [text for text in texts_shown if not is_clean(text)] == []


def test_refused_connection_does_not_leak(fake: FakeESP, all_logs: Any) -> None:
    texts_shown = ask_all(
        fake.backend(**fake.options() | {"base_url": "http://127.0.0.1:1"}), EMAIL
    )

    assert len(texts_shown) == 4 + len(removal_of(fake.backend(**fake.options())))
    assert [text for text in texts_shown if not is_clean(text)] == []


@pytest.mark.parametrize("mode", ["ok", "down", "garbage", "hang-up"])
def test_ses_does_not_leak(moto: str, brevo: FakeBrevo, all_logs: Any, mode: str) -> None:
    brevo.mode = mode
    brevo.always = ECHO
    logging.getLogger("boto3").setLevel(logging.DEBUG)

    texts_shown = ask_all(SESBackend(list_name="game", region=REGION, base_url=brevo.url), EMAIL)

    assert [text for text in texts_shown if not is_clean(text)] == []
    assert [r.getMessage() for r in all_logs.records if not is_clean(r.getMessage())] == []
