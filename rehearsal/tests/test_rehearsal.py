"""The rehearsal in a minute, and a build that it must not let pass."""

import pytest
from django.db import connection

from esp_mail.tests.proxy import NGINX
from rehearsal.rehearse import rehearse

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL"),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)"),
]


def test_nothing_is_lost_when_things_break() -> None:
    result = rehearse(seed=1, minutes=1)
    assert not result.problems, result.text


def test_broken_build_is_found_out() -> None:
    """One of three; make rehearse-broken has them all."""
    problems = rehearse(seed=1, minutes=1, broken="late").problems
    assert any(line.endswith("acknowledged plays are not in the database") for line in problems)
