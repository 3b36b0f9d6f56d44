"""A rehearsal of a minute, failovers, and what each must notice."""

import pytest
from django.db import connection

from rehearsal.failover import rehearse_failover
from rehearsal.rehearse import rehearse
from testing.nginx import NGINX

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL"),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)"),
]


def test_nothing_is_lost_when_things_break() -> None:
    result = rehearse(seed=1, minutes=1)
    assert not result.problems, result.text


def test_rehearsal_notices_a_broken_build() -> None:
    """One build of three; `make rehearse-broken` rehearses all."""
    problems = rehearse(seed=1, minutes=1, broken="late").problems
    assert any(line.endswith("acknowledged plays are not in the database") for line in problems)


def test_nothing_is_lost_when_the_standby_takes_over() -> None:
    result = rehearse_failover(seed=1)
    assert not result.problems, result.text


def test_rehearsal_notices_a_second_primary_that_waits_for_no_standby() -> None:
    problems = rehearse_failover(seed=1, synchronous=False).problems
    assert any(line.endswith("acknowledged plays are not in the database") for line in problems)
