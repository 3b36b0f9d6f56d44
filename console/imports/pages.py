"""Imports: what each would do, how far it is, what it did, and taking it back."""

import zlib
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from console.imports.columns_form import LABELS, ColumnsForm, is_undecided
from console.imports.upload import may_import
from console.lists.change_list import ReadOnlyMixin
from importing.jobs import work_now
from importing.known_addresses import BATCH, BATCH_PLAYS
from importing.models import UNDOABLE, ImportJob, ImportState
from importing.refusals import REASONS
from privacy.audit import write_log

SHOWN = 100  # players whom taking back has left


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ["created_at", "file_name", "by", "state", "new", "plays"]
    list_select_related = ["by"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_import(request)

    has_module_permission = has_view_permission

    @admin.display(description=gettext_lazy("new addresses"))
    def new(self, job: ImportJob) -> int | None:
        return job.report.get("imported", {}).get("new")

    @admin.display(description=gettext_lazy("plays that were added"))
    def plays(self, job: ImportJob) -> int | None:
        return job.report.get("imported", {}).get("plays")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.left_out)
        name = "console_importjob_left_out"
        return [path("<int:pk>/left-out.csv", view, name=name), *super().get_urls()]

    def _job(self, request: HttpRequest, pk: str) -> ImportJob:
        if not may_import(request):
            raise PermissionDenied
        job = self.get_object(request, pk)
        if job is None:
            raise Http404
        return job

    def left_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return all rows that were left out, as CSV."""
        job = self._job(request, str(pk))
        header = "\ufeff" + ",".join([_("row"), _("reason")]) + "\r\n"
        lines = zlib.decompress(job.left_out) if job.left_out else b""
        return HttpResponse(
            header.encode() + lines,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="left-out-{pk}.csv"'},
        )

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any
    ) -> HttpResponse:
        job = self._job(request, object_id)
        if request.method == "POST":
            steps = {"columns": self._choose, "import": self._import, "undo": self._undo}
            step = steps.get(request.POST.get("step", ""))
            if step is None or not step(request, job):
                messages.warning(request, _("The import has moved on meanwhile."))
            elif _is_small(job):
                work_now(job)
            return redirect("admin:console_importjob_change", job.pk)
        site = self.admin_site.each_context(request)
        return TemplateResponse(request, "console/import.html", site | self._context(job))

    def _context(self, job: ImportJob) -> dict[str, Any]:
        report = job.report
        context = {
            "title": str(job),
            "opts": self.opts,
            "job": job,
            "report": report,
            "reasons": [
                (reason, count, report["reason_rows"][reason])
                for reason, count in report.get("reasons", [])
            ],
            "refusal": REASONS.get(job.error, ""),
            "can_be_undone": job.state in UNDOABLE and job.players_left.exists(),
        }
        if job.state == ImportState.PREVIEW:
            used = {n: LABELS[name] for name, n in report["used"].items() if n is not None}
            titles = list(enumerate(report["titles"]))
            context |= {
                "form": ColumnsForm(job),
                "undecided": is_undecided(job),
                "used": [(title, used[n]) for n, title in titles if n in used],
                "ignored": [title for n, title in titles if n not in used],
                "sample": [
                    (email, plays, *map(datetime.fromisoformat, dates))
                    for email, plays, *dates in report["sample"]
                ],
            }
        if job.state == ImportState.UNDONE:
            kept = job.players_left.select_related("game")
            context |= {"kept": kept.count(), "kept_rows": kept[:SHOWN]}
        return context

    def _choose(self, request: HttpRequest, job: ImportJob) -> bool:
        """Have the file read again, with the columns that staff chose."""
        if job.state != ImportState.PREVIEW:
            return False
        form = ColumnsForm(job, request.POST)
        if not form.is_valid():
            return False
        return job.move(ImportState.PREVIEW, ImportState.READING, choices=form.choices())

    def _import(self, request: HttpRequest, job: ImportJob) -> bool:
        if job.state != ImportState.PREVIEW or is_undecided(job):
            return False
        report, would = job.report, job.report["would"]
        moved = job.move(
            ImportState.PREVIEW,
            ImportState.IMPORTING,
            choices={"used": report["used"], "day_first": report["day_first"]},
            total=would["new"] + would["raised"] + would["unchanged"],
            as_of=timezone.now(),
        )
        if moved:
            text = _("Confirmed the import: %(new)d new addresses, %(plays)d plays added.")
            write_log(request, ImportJob, text % would, job)
        return moved

    def _undo(self, request: HttpRequest, job: ImportJob) -> bool:
        total = job.players_left.count()
        if job.state not in UNDOABLE or not total:
            return False
        moved = job.move(ImportState(job.state), ImportState.UNDOING, total=total)
        if moved:
            write_log(request, ImportJob, _("Took the import back."), job)
        return moved


def _is_small(job: ImportJob) -> bool:
    return job.report["rows"] <= BATCH and job.report["would"]["plays"] <= BATCH_PLAYS
