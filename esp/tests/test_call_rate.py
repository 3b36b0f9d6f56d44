"""The ESP's limit on calls: one for all processes, new players first."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from esp.call_rate import SHARE, CallTurns
from esp.client import ESPClient
from esp.deadline import time_budget
from esp.errors import ESPCallSkipped, RateLimited
from esp.models import CallRate
from esp.turns import take_turn, use_turns, wait_for_limit
from testing.esp.brevo import FakeBrevo
from testing.esp.server import Reply


def take(turns: CallTurns, number: int, times: list[float]) -> None:
    try:
        for _ in range(number):
            turns.take()
            times.append(time.monotonic())
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_processes_share_one_limit() -> None:
    """Each thread stands for a process: they have nothing but the database in common."""
    times: list[float] = []
    with ThreadPoolExecutor(4) as pool:
        for patient in (True, True, False, False):
            pool.submit(take, CallTurns(50, patient=patient), 10, times)
    times.sort()
    assert len(times) == 40
    # 40 turns take 39 intervals; a machine under load may only make it slower.
    assert times[-1] - times[0] >= 39 / (50 * SHARE) - 0.02


@pytest.mark.django_db
def test_a_turn_that_comes_too_late_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeps: list[float] = []
    monkeypatch.setattr("esp.call_rate.time.sleep", sleeps.append)
    turns = CallTurns(0.1, patient=False)
    with time_budget(5):
        turns.take()
        with pytest.raises(ESPCallSkipped, match="limit"):
            turns.take()
    assert sleeps == [pytest.approx(0, abs=0.05)]  # the first turn; the second did not sleep


@pytest.mark.django_db
def test_patient_callers_leave_reserved_turns_alone() -> None:
    CallTurns(10, patient=False).take()
    rate = CallRate.objects.get()
    reserved = timezone.now() + timedelta(seconds=0.3)  # by the database's clock, which is ours
    CallRate.objects.update(next_call_at=reserved)
    CallTurns(10, patient=True).take()
    assert timezone.now() >= reserved
    assert str(rate) == rate.backend


@pytest.mark.django_db
def test_a_patient_caller_waits_for_the_others_of_its_process_within_its_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = threading.Lock()
    busy.acquire()
    monkeypatch.setattr("esp.call_rate._one_waits", busy)
    with time_budget(0.05), pytest.raises(ESPCallSkipped):
        CallTurns(10, patient=True).take()


@pytest.mark.django_db
def test_a_turn_that_another_process_took_is_not_taken_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = CallTurns(1000, patient=False)
    turns.take()
    reserve = turns._reserve
    lost = iter([True])

    def reserve_too_late(rate: CallRate, wait: float) -> bool:
        if next(lost, None):
            CallTurns(1000, patient=False).take()
        return reserve(rate, wait)

    monkeypatch.setattr(turns, "_reserve", reserve_too_late)
    before = CallRate.objects.get().next_call_at
    turns.take()
    assert CallRate.objects.get().next_call_at > before


@pytest.mark.django_db
def test_a_refusal_slows_all_down_once_and_calls_speed_up_again() -> None:
    turns = CallTurns(100, patient=False)
    turns.take()
    for _ in range(8):  # as many threads meet the same limit
        turns.slow_down(0.2)
    rate = CallRate.objects.get()
    assert rate.per_second == pytest.approx(100 * SHARE * 0.9)
    assert rate.next_call_at > timezone.now() + timedelta(seconds=0.1)
    turns.take()
    assert CallRate.objects.get().per_second > rate.per_second


def test_without_a_limit_nothing_is_waited_for() -> None:
    take_turn()
    with time_budget(5):
        assert not wait_for_limit(1)


@pytest.fixture
def limited(brevo: FakeBrevo, settings: Settings) -> FakeBrevo:
    settings.ESP_BACKEND = "esp.backends.brevo.BrevoBackend"
    settings.ESP_OPTIONS = brevo.options()
    settings.ESP_RATE = 1000
    return brevo


@pytest.mark.django_db
def test_a_short_limit_is_waited_for_within_the_call(limited: FakeBrevo) -> None:
    limited.limited = Reply(429, {}, {"x-sib-ratelimit-reset": "0.1"})
    refusals = iter([True])  # the first call only
    limited.is_over_limit = lambda: next(refusals, False)  # type: ignore[method-assign]
    with ESPClient(concurrency=1).calls(seconds=5) as backend:
        assert backend.add_or_find("cem@test.ru") is False
    assert limited.contacts == {"cem@test.ru": 1}
    assert len(limited.received) == 2


@pytest.mark.django_db
def test_a_limit_beyond_the_budget_is_told_and_opens_no_breaker(limited: FakeBrevo) -> None:
    limited.always = Reply(429, {}, {"x-sib-ratelimit-reset": "3"})
    client = ESPClient(concurrency=1)
    with pytest.raises(RateLimited), client.calls(seconds=1) as backend:
        backend.has_contact("cem@test.ru")
    assert client.breaker.state == "closed"
    with pytest.raises(ESPCallSkipped), client.calls(seconds=1) as backend:
        backend.has_contact("eva@test.ru")
    assert "eva@" not in "".join(request.target for request in limited.received)


def test_turns_end_with_their_block() -> None:
    class Counting:
        taken = 0

        def take(self) -> None:
            self.taken += 1

        def slow_down(self, seconds: float) -> None: ...

    turns: Any = Counting()
    with use_turns(turns):
        take_turn()
    take_turn()
    assert turns.taken == 1


@pytest.mark.django_db
@pytest.mark.parametrize("set_back", [timedelta(hours=2), timedelta(seconds=-2)])
def test_a_clock_that_was_set_holds_nobody_up(set_back: timedelta) -> None:
    turns = CallTurns(100, patient=True)
    turns.take()
    CallRate.objects.update(next_call_at=timezone.now() + set_back)
    with time_budget(1):
        turns.take()


@pytest.mark.django_db
def test_a_long_limit_that_one_contact_meets_holds_back_nobody_else(limited: FakeBrevo) -> None:
    limited.poison = {"bad@test.ru": Reply(429, {}, {"Retry-After": "3000"})}
    client = ESPClient(concurrency=1)
    for _ in range(4):  # and no other contact gets through in between
        with pytest.raises(RateLimited), client.calls(seconds=10) as backend:
            backend.has_contact("bad@test.ru")
    with client.calls(seconds=10) as backend:
        assert backend.has_contact("eva@test.ru") is False


@pytest.mark.django_db
@pytest.mark.parametrize(("mode", "held"), [("limited", True), ("down", False)])
def test_a_long_limit_that_the_probe_meets_too_holds_all_back(
    limited: FakeBrevo, mode: str, held: bool
) -> None:
    limited.mode, limited.limited = mode, Reply(429, {}, {"Retry-After": "3000"})
    limited.poison = {"bad@test.ru": limited.limited}
    with pytest.raises(RateLimited), ESPClient(concurrency=1).calls(seconds=1) as backend:
        backend.has_contact("bad@test.ru")
    waits = CallRate.objects.get().next_call_at - timezone.now()
    assert (waits > timedelta(minutes=40)) is held


@pytest.mark.django_db
def test_a_refusal_slows_down_though_turns_are_reserved_ahead() -> None:
    turns = CallTurns(1, patient=False)
    turns.take()  # the next turn is a second ahead
    turns.slow_down(1)
    assert CallRate.objects.get().per_second == pytest.approx(SHARE * 0.9)


@pytest.mark.django_db
def test_limits_in_a_row_are_believed_for_a_minute(limited: FakeBrevo) -> None:
    """Some vendors limit additions by themselves, so the probe meets no limit."""
    emails = [f"{number}@test.ru" for number in range(3)]
    limited.poison = dict.fromkeys(emails, Reply(429, {}, {"Retry-After": "3000"}))
    client = ESPClient(concurrency=1)
    for email in emails:
        with pytest.raises(RateLimited), client.calls(seconds=1) as backend:
            backend.has_contact(email)
    held = CallRate.objects.get().next_call_at - timezone.now()
    assert timedelta(seconds=50) < held <= timedelta(seconds=60)


@pytest.mark.django_db
def test_a_success_ends_the_row_of_limits(limited: FakeBrevo) -> None:
    emails = [f"{number}@test.ru" for number in range(3)]
    limited.poison = dict.fromkeys(emails, Reply(429, {}, {"Retry-After": "3000"}))
    client = ESPClient(concurrency=1)
    for email in [*emails[:2], "eva@test.ru", emails[2]]:
        with suppress(RateLimited), client.calls(seconds=10) as backend:
            backend.has_contact(email)
    held = CallRate.objects.get().next_call_at - timezone.now()
    assert held < timedelta(seconds=50)


@pytest.mark.django_db
def test_a_database_that_gives_no_turn_is_no_failure_of_the_esp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CallTurns, "_read", Mock(side_effect=OperationalError("locked")))
    with pytest.raises(ESPCallSkipped):
        CallTurns(10, patient=False).take()
