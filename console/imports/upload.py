"""The upload of a file with known addresses, from the list of players."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from importing.jobs import work_now
from importing.models import ImportJob
from privacy.audit import write_log
from privacy.masking import may_see_addresses

MAX_SIZE = 64  # MB
# Bytes; larger files are for delivery.
SMALL = 250_000
SMALL_ARCHIVE = 30_000  # XLSX and ODS are ZIP files, and unpack to some ten times as much


def may_import(request: HttpRequest) -> bool:
    # What is new and what is not would answer a guess.
    return request.user.has_perm("games.import_game") and may_see_addresses(request.user)


class UploadForm(forms.Form):
    import_file = forms.FileField(
        label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget, allow_empty_file=True
    )

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MAX_SIZE * 1_000_000:
            text = _("The file is larger than %(size)d MB. Divide it.")
            raise forms.ValidationError(text % {"size": MAX_SIZE})
        return file


class KnownAddressesMixin:
    """The button of a list, and the page behind it."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.upload)  # type: ignore[attr-defined]
        return [path("import/", view, name="games_game_import"), *super().get_urls()]  # type: ignore[misc]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "has_import_permission": may_import(request)}
        return super().changelist_view(request, context)  # type: ignore[misc]

    def upload(self, request: HttpRequest) -> HttpResponse:
        if not may_import(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            job = _store(request, form.cleaned_data["import_file"])
            return redirect("admin:console_importjob_change", job.pk)
        site = self.admin_site.each_context(request)  # type: ignore[attr-defined]
        context = {"title": _("Import"), "form": form, "opts": self.opts}  # type: ignore[attr-defined]
        return TemplateResponse(request, "console/import_upload.html", site | context)


def _store(request: HttpRequest, file: Any) -> ImportJob:
    """Store the file for delivery to work on; if it is small, work on it now."""
    name = file.name[:200]
    job = ImportJob.store(file.chunks(), by=request.user, file_name=name, language=get_language())
    write_log(request, ImportJob, _("Uploaded a file to import."), job)
    file.seek(0)
    if file.size <= (SMALL_ARCHIVE if file.read(2) == b"PK" else SMALL):
        work_now(job)
    return job
