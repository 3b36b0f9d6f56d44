"""What the tests of imports have in common."""

from typing import Any, NamedTuple

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from importing.models import ImportJob
from testing.campaign import GAMES

IMPORTS = "/admin/console/importjob/"


class Page(NamedTuple):
    job: ImportJob
    text: str


def upload(staff: Client, data: bytes, name: str = "known.csv", **extra: Any) -> Page:
    """Upload a file; return its import and the page that it leads to."""
    body = {"import_file": SimpleUploadedFile(name, data)}
    answer = staff.post(f"{GAMES}import/", body, follow=True, **extra)
    assert answer.status_code == 200, answer.status_code
    return Page(ImportJob.objects.latest("pk"), answer.content.decode())


def send(staff: Client, page: Page, step: str, **choices: str) -> Page:
    """Press a button of an import's page."""
    url = f"{IMPORTS}{page.job.pk}/change/"
    answer = staff.post(url, {"step": step} | choices, follow=True)
    return Page(ImportJob.objects.get(pk=page.job.pk), answer.content.decode())


def confirm(staff: Client, page: Page) -> Page:
    return send(staff, page, "import")
