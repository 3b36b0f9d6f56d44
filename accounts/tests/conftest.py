import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    """Begin each test with nobody counted: what live servers counted stays in the table."""
    cache.clear()
