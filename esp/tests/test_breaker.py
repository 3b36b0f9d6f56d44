"""The breaker's states, with a clock that the test sets; and the client's limit of calls."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django import Settings

from esp.breaker import Breaker
from esp.client import ESPClient
from esp.deadline import remaining
from esp.errors import (
    ContactRejected,
    ESPCallSkipped,
    ESPMisconfigured,
    ESPUnavailable,
    RateLimited,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_suspects_after_failures_in_a_row() -> None:
    breaker = Breaker(failures=3)
    assert [breaker.failed(at_once=False) for _ in range(3)] == [False, False, True]
    assert breaker.state == "closed"


def test_success_resets_the_count() -> None:
    breaker = Breaker(failures=2)
    assert not breaker.failed(at_once=False)
    breaker.succeeded()
    assert not breaker.failed(at_once=False)


def test_a_good_probe_is_believed_for_a_while(clock: Callable[[float], None]) -> None:
    breaker = Breaker(pause=30)
    assert breaker.failed(at_once=True)
    breaker.close()
    assert not breaker.failed(at_once=True)
    clock(31)
    assert breaker.failed(at_once=True)


def test_a_failed_probe_opens_for_the_pause_or_as_long_as_the_esp_asks(
    clock: Callable[[float], None],
) -> None:
    breaker = Breaker(pause=30)
    breaker.open(ESPUnavailable("down", retry_after=1))
    assert (breaker.state, breaker.wait_seconds) == ("open", 30)
    breaker.open(ESPUnavailable("down", retry_after=600))
    assert breaker.wait_seconds == 600
    clock(600)
    assert breaker.state == "half-open"


def test_one_thread_takes_the_probe(clock: Callable[[float], None]) -> None:
    breaker = Breaker(pause=30)
    assert not breaker.take_probe()
    breaker.open(ESPUnavailable("down"))
    assert not breaker.take_probe()
    clock(30)
    assert [breaker.take_probe() for _ in range(3)] == [True, False, False]
    assert breaker.state == "open"


def test_the_log_says_when_an_outage_begins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    breaker = Breaker(pause=30)
    breaker.open(ESPUnavailable("down"))
    breaker.open(ESPUnavailable("still down"))
    breaker.close()
    breaker.close()
    assert [record.message for record in caplog.records] == [
        "ESP: ESPUnavailable: down",
        "ESP: breaker open, probing in 30 s",
        "ESP: breaker closed, it answers again",
    ]


def test_text_of_an_unexpected_exception_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    Breaker().open(KeyError("cem@test.ru"))
    assert "KeyError" in caplog.text
    assert "cem@" not in caplog.text


class Backend:
    """Fails for contacts and in probes as the test wants."""

    contact: Exception | None = None
    probe: Exception | None = None
    probes = 0

    def has_contact(self, email: str) -> bool:
        if self.contact:
            raise self.contact
        return False

    def add_contact(self, email: str) -> None: ...

    def check_list(self) -> None:
        type(self).probes += 1
        if self.probe:
            raise self.probe


@pytest.fixture
def backend(settings: Settings) -> type[Backend]:
    Backend.contact, Backend.probe, Backend.probes = None, None, 0
    settings.ESP_BACKEND = f"{__name__}.Backend"
    return Backend


def ask(client: ESPClient) -> Exception | None:
    try:
        with client.calls(seconds=1) as backend:
            backend.has_contact("cem@test.ru")
    except Exception as error:  # noqa: BLE001
        return error
    return None


FAILURES = [
    ESPUnavailable("down"),
    ESPUnavailable("odd", answered=True),
    ESPMisconfigured("no right"),
    RateLimited("slow"),
    ContactRejected("no"),
    KeyError("bug"),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_of_contacts_opens_the_breaker(backend: type[Backend], failure: Any) -> None:
    client, backend.contact = ESPClient(concurrency=1), failure
    errors = [ask(client) for _ in range(20)]
    assert client.breaker.state == "closed"
    assert not any(isinstance(error, ESPMisconfigured | ESPCallSkipped) for error in errors)
    assert backend.probes <= 1


@pytest.mark.parametrize(
    ("probe", "raised"),
    [
        (ESPUnavailable("down"), ESPUnavailable),
        (ESPUnavailable("answered 403", answered=True), ESPMisconfigured),
        (ESPMisconfigured("wrong key"), ESPMisconfigured),
        (KeyError("bug"), ESPUnavailable),
    ],
)
def test_a_probe_that_fails_too_opens_it(
    backend: type[Backend], probe: Exception, raised: type[Exception]
) -> None:
    client = ESPClient(concurrency=1)
    backend.contact, backend.probe = ESPUnavailable("odd", answered=True), probe
    assert type(ask(client)) is raised
    assert client.breaker.state == "open"
    assert type(ask(client)) is ESPCallSkipped


def test_the_first_call_after_the_pause_probes(
    backend: type[Backend], clock: Callable[[float], None]
) -> None:
    client = ESPClient(concurrency=1)
    client.breaker.open(ESPUnavailable("down"))
    backend.probe = ESPUnavailable("still down")
    clock(31)
    assert type(ask(client)) is ESPCallSkipped
    backend.probe = ESPMisconfigured("wrong key")
    clock(31)
    assert type(ask(client)) is ESPMisconfigured
    backend.probe = RateLimited("slow")
    clock(31)
    assert ask(client) is None
    assert client.breaker.state == "closed"


def test_client_limits_concurrent_calls() -> None:
    client = ESPClient(concurrency=2)
    inside, leave = threading.Barrier(3), threading.Event()

    def wait() -> None:
        with client.calls(seconds=1):
            inside.wait(10)
            leave.wait(10)

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(wait) for _ in range(2)]
        inside.wait(10)
        with pytest.raises(ESPCallSkipped, match="too many"), client.calls(seconds=1):
            pytest.fail("was let through")
        leave.set()
        for future in asking:
            future.result()
    with client.calls(seconds=1):
        pass
    assert client.breaker.state == "closed"


def test_client_limits_the_time_of_its_calls() -> None:
    with ESPClient(concurrency=1).calls(seconds=5):
        assert 0 < remaining(default=60) <= 5
