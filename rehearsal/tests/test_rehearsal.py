"""The rehearsal in a minute, and builds that it must not let pass."""

import pytest
from django.db import connection

from esp_mail.tests.proxy import NGINX
from rehearsal.broken import BROKEN
from rehearsal.rehearse import rehearse

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL"),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)"),
]


def test_nothing_is_lost_when_things_break() -> None:
    result = rehearse(seed=1, minutes=1)
    assert not result.problems, result.text


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("late", "acknowledged plays are not in the database"),
        ("keyless", "plays are in the database that nobody played, or twice"),
        ("debtless", "addresses are not in the ESP"),
    ],
)
def test_broken_build_is_found_out(broken: str, problem: str) -> None:
    assert broken in BROKEN
    problems = rehearse(seed=1, minutes=1, broken=broken).problems
    assert any(line.endswith(problem) for line in problems), problems
