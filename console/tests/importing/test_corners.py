"""Rare turns of an import."""

import json
from zoneinfo import ZoneInfo

import pytest

from console.tests.importing.test_jobs import FILE, new_job
from importing import jobs, people
from importing.files.limits import Refused
from importing.files.text import read_objects
from importing.jobs import work_now
from importing.models import ImportJob, ImportState, LeaseLost
from importing.people import EXAMPLES, ImportReport
from importing.values import DayOrder, NoDate, parse_moment


def test_date_of_long_ago_is_none() -> None:
    with pytest.raises(NoDate):
        parse_moment("1980-01-01", ZoneInfo("UTC"), DayOrder())


def test_objects_with_too_many_names_are_refused() -> None:
    content = json.dumps([{f"name{n}": 1} for n in range(1_001)])
    with pytest.raises(Refused, match="columns"):
        list(read_objects(content, "utf-8"))


def test_report_keeps_only_the_first_rows_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MAX_ERRORS", 2)
    report = ImportReport()
    for number in range(EXAMPLES + 2):
        report.leave_out(str(number), "no address", "no address")
    assert report.left_out == report.reasons["no address"] == EXAMPLES + 2
    assert (len(report.errors), len(report.reason_rows["no address"])) == (2, EXAMPLES)


@pytest.mark.django_db
def test_import_that_another_process_holds_is_left_to_it() -> None:
    job = new_job(FILE)
    assert ImportJob.objects.claim()
    work_now(job)
    job.refresh_from_db()
    assert job.state == ImportState.READING


@pytest.mark.django_db
def test_process_that_lost_an_import_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_args: object) -> None:
        raise LeaseLost

    monkeypatch.setattr(jobs, "_preview", lose)
    job = new_job(FILE)
    work_now(job)
    job.refresh_from_db()
    assert job.state == ImportState.READING
