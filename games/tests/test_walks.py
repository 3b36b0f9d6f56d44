"""How far one play walks through the house: few files, and none entered twice."""

import pytest
from django.db import connection
from pytest_django import Settings

from testing import walks

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes the slow path"),
]


@pytest.fixture(autouse=True)
def _as_served(settings: Settings) -> None:
    settings.LOG_REQUESTS = True
    settings.ALLOWED_HOSTS = ["*"]


def test_returning_play_enters_ten_files_and_returns_to_none() -> None:
    walk = walks.returning_play()
    assert len(set(walk.stays)) <= 10, walk
    assert len(walk.stays) == len(set(walk.stays)), walk


def test_first_play_enters_fourteen_files() -> None:
    walk = walks.first_play()
    assert len(set(walk.stays)) <= 14, walk
