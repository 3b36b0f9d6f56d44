"""A file with one row more than is read; it takes a quarter of a minute."""

import pytest
from django.test import Client

from importing.files.limits import MAX_ROWS
from importing.jobs import work_now
from testing.imports import upload

pytestmark = pytest.mark.django_db


def test_one_row_too_many_is_refused(staff: Client) -> None:
    page = upload(staff, b"a@b.ru\n" * (MAX_ROWS + 1))
    work_now(page.job)
    page.job.refresh_from_db()
    assert (page.job.state, page.job.error) == ("refused", "rows")
