"""A short rehearsal of failovers, and that it notices plays which a failover loses."""

import pytest
from django.db import connection

from rehearsal.failover import rehearse_failover
from testing.nginx import NGINX

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL"),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)"),
]


def test_nothing_is_lost_when_the_standby_takes_over() -> None:
    result = rehearse_failover(seed=1, hurried=True)
    assert not result.problems, result.text


def test_rehearsal_notices_a_second_primary_that_waits_for_no_standby() -> None:
    problems = rehearse_failover(seed=1, synchronous=False, hurried=True).problems
    assert any(line.endswith("acknowledged plays are not in the database") for line in problems)
