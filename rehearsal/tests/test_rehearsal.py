"""A short rehearsal, in which each part fails once, and that it notices a broken build."""

import pytest
from django.db import connection

from rehearsal.rehearse import rehearse
from testing.nginx import NGINX

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL"),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)"),
]
SHORT = 1 / 3  # minutes; `make rehearse` takes five


def test_nothing_is_lost_when_things_break() -> None:
    result = rehearse(seed=1, minutes=SHORT)
    assert not result.problems, result.text


def test_rehearsal_notices_a_broken_build() -> None:
    """One build of three; `make rehearse-broken` rehearses all."""
    problems = rehearse(seed=1, minutes=SHORT, broken="late").problems
    assert any(line.endswith("acknowledged plays are not in the database") for line in problems)
