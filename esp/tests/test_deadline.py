import threading

import pytest

from esp.backends.connection import seconds_left
from esp.deadline import remaining, time_budget


def test_default_without_a_budget() -> None:
    assert remaining(5) == 5


def test_budget_runs_down() -> None:
    with time_budget(100):
        first = remaining(5)
        second = remaining(5)

    assert 100 >= first >= second > 90


def test_spent_budget_is_not_negative() -> None:
    with time_budget(-1):
        assert remaining(5) == 0


@pytest.mark.parametrize(("outer", "inner"), [(10, 1000), (1000, 10)])
def test_nested_budget_cannot_extend_the_outer_one(outer: float, inner: float) -> None:
    with time_budget(outer), time_budget(inner):
        assert remaining(5) <= 10


def test_budget_ends_with_its_block() -> None:
    with time_budget(1000):
        with time_budget(10):
            pass
        assert remaining(5) > 10
    assert remaining(5) == 5


def test_budget_applies_to_its_own_thread() -> None:
    seen: list[float] = []
    with time_budget(1000):
        thread = threading.Thread(target=lambda: seen.append(remaining(5)))
        thread.start()
        thread.join()

    assert seen == [5]


def test_no_seconds_left_raises_timeout_error() -> None:
    with time_budget(0), pytest.raises(TimeoutError):
        seconds_left()
