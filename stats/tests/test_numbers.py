"""The numbers that a process remembers for a minute."""

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from stats.numbers import current_numbers

pytestmark = pytest.mark.django_db


def test_overview_read_just_before_leaves_the_api_its_periods() -> None:
    assert current_numbers(with_small_domains=True).periods == []
    assert len(current_numbers(with_small_domains=True, with_periods=True).periods) == 5


def test_numbers_are_remembered_for_the_day_only() -> None:
    evening = datetime(2026, 5, 1, 23, 59, 50, tzinfo=UTC)
    with mock.patch.object(timezone, "now", return_value=evening) as now:
        first = current_numbers(with_small_domains=True)
        now.return_value += timedelta(seconds=5)
        assert current_numbers(with_small_domains=True).at == first.at
        now.return_value += timedelta(seconds=10)
        assert current_numbers(with_small_domains=True).at == now.return_value
