"""The breaker's states, on a clock that the test moves; and the gate's limit."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from esp.breaker import Breaker
from esp.deadline import remaining
from esp.errors import ContactRejected, ESPMisconfigured, ESPUnavailable, NotAsked
from esp.gate import Gate


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def fail(breaker: Breaker, error: Exception, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), breaker.call():
            raise error


def succeed(breaker: Breaker) -> None:
    with breaker.call():
        pass


def test_opens_after_failures_in_a_row(clock: Callable[[float], None]) -> None:
    breaker = Breaker(failures=3, pause=30)
    fail(breaker, ESPUnavailable("down"), 2)
    assert breaker.state == "closed"
    fail(breaker, ESPUnavailable("down"))
    assert (breaker.state, breaker.wait_seconds) == ("open", 30)
    with pytest.raises(NotAsked, match="paused"), breaker.call():
        pytest.fail("was let through")


def test_success_starts_the_count_anew() -> None:
    breaker = Breaker(failures=2)
    fail(breaker, ESPUnavailable("down"))
    succeed(breaker)
    fail(breaker, ESPUnavailable("down"))
    assert breaker.state == "closed"


@pytest.mark.parametrize("answer", [ContactRejected("no"), ESPUnavailable("?", answered=True)])
def test_trouble_with_one_address_is_an_answer(answer: Exception) -> None:
    breaker = Breaker(failures=2)
    fail(breaker, ESPUnavailable("down"))
    fail(breaker, answer)
    fail(breaker, ESPUnavailable("down"))
    assert breaker.state == "closed"


def test_wrong_key_opens_at_once() -> None:
    breaker = Breaker()
    fail(breaker, ESPMisconfigured("wrong key"))
    assert breaker.state == "open"


def test_limit_opens_at_once_for_as_long_as_the_esp_asks(clock: Callable[[float], None]) -> None:
    breaker = Breaker(pause=30)
    fail(breaker, ESPUnavailable("too many requests", retry_after=600))
    assert (breaker.state, breaker.wait_seconds) == ("open", 600)
    fail(breaker := Breaker(pause=30), ESPUnavailable("too many requests", retry_after=1))
    assert breaker.wait_seconds == 30


def test_fault_of_the_backend_is_a_failure() -> None:
    breaker = Breaker(failures=1)
    fail(breaker, KeyError("bug"))
    assert breaker.state == "open"


def test_probe_that_succeeds_closes(
    clock: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    breaker = Breaker(failures=1, pause=30)
    fail(breaker, ESPUnavailable("down"))
    clock(30)
    assert breaker.state == "half-open"
    succeed(breaker)
    assert breaker.state == "closed"
    assert [record.message for record in caplog.records] == [
        "ESP: ESPUnavailable: down",
        "ESP: breaker open, probing in 30 s",
        "ESP: breaker closed, it answers again",
    ]


def test_probe_that_fails_starts_the_next_pause_and_says_nothing_more(
    clock: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    breaker = Breaker(failures=1, pause=30)
    fail(breaker, ESPUnavailable("down"))
    caplog.clear()
    for _ in range(3):
        clock(31)
        fail(breaker, ESPUnavailable("still down"))
        assert (breaker.state, breaker.wait_seconds) == ("open", 30)
    assert caplog.records == []


def test_one_probe_at_a_time(clock: Callable[[float], None]) -> None:
    breaker = Breaker(failures=1, pause=30)
    fail(breaker, ESPUnavailable("down"))
    clock(30)
    with breaker.call(), pytest.raises(NotAsked, match="paused"), breaker.call():
        pytest.fail("was let through")
    assert breaker.state == "closed"


def test_text_of_a_fault_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    fail(Breaker(), KeyError("cem@test.ru"))
    assert "KeyError" in caplog.text
    assert "cem@" not in caplog.text


def test_gate_lets_only_so_many_wait() -> None:
    gate = Gate(concurrency=2)
    inside, leave = threading.Barrier(3), threading.Event()

    def ask() -> None:
        with gate.backend(seconds=1):
            inside.wait(10)
            leave.wait(10)

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        inside.wait(10)
        assert not gate.is_open()
        with pytest.raises(NotAsked, match="too many"), gate.backend(seconds=1):
            pytest.fail("was let through")
        leave.set()
        for future in asking:
            future.result()
    assert gate.is_open()
    assert gate.breaker.state == "closed"


def test_gate_gives_its_calls_a_budget() -> None:
    with Gate(concurrency=1).backend(seconds=5):
        assert 0 < remaining(default=60) <= 5


def test_gate_is_shut_while_the_breaker_is_open() -> None:
    gate = Gate(concurrency=1)
    fail(gate.breaker, ESPMisconfigured("wrong key"))
    assert not gate.is_open()
