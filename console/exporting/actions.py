"""Handing over what a list shows, filtered as it is."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from console.exporting.formats import FORMATS, Format
from console.exporting.rows import StreamedRows
from privacy.audit import write_log

YEAR = timedelta(days=365)


class ExportForm(forms.Form):
    format = forms.TypedChoiceField(
        label=gettext_lazy("Format"),
        choices=[(number, kind.title) for number, kind in enumerate(FORMATS)],
        coerce=int,
        widget=UnfoldAdminSelectWidget,
    )


class Extent(NamedTuple):
    """What of a list is exported, and how the file's name and the log say it."""

    rows: QuerySet
    size: int  # rows, as far as the list counts
    is_filtered: bool
    name: str
    words: str


class ExportAdmin(ModelAdmin):
    """An export that is sent while it is read, and stands in the log with its number of rows."""

    export_name: str  # in the name of the file
    export_columns: dict[str, str]  # the names of columns, and where their values come from
    # What the log says of it.
    exported = ngettext_lazy("Exported %(count)d row", "Exported %(count)d rows", "count")
    change_list_template: str | None = "console/exported_list.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", view, name=name), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        # Of the plays too. An export shows addresses, whoever asks.
        rights = ["games.export_game", "games.view_address"]
        return request.user.has_perms(rights) and self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_export = {"has_export_permission": self.has_export_permission(request)}
        return super().changelist_view(request, may_export | (extra_context or {}))

    def get_extent(self, request: HttpRequest) -> Extent:
        rows = self.get_changelist_instance(request)
        is_filtered = bool(rows.query or rows.has_active_filters)
        name = f"{self.export_name}-{'filtered' if is_filtered else 'all'}"
        # Of a filter that may be an address, only that there was one.
        named = [
            chip.name if chip.value == rows.query or "@" in chip.value else chip.text
            for chip in rows.chips()
        ]
        words = f" {_('Filters')}: {', '.join(named)}." if named else ""
        return Extent(rows.queryset, rows.result_count, is_filtered, name, words)

    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        extent = self.get_extent(request)
        last = {"format": request.COOKIES.get("export_format")}
        form = ExportForm(request.POST or None, initial=last)
        if form.is_valid():
            return self._file(request, extent, form.cleaned_data["format"])
        context = self.admin_site.each_context(request) | {
            "title": _("Export"),
            "opts": self.opts,
            "form": form,
            "columns": list(self.export_columns),
            "count": extent.size,
            "is_capped": extent.size == getattr(self.paginator, "cap", None),
            "is_filtered": extent.is_filtered,
            "time_zone": timezone.get_current_timezone_name(),
        }
        return TemplateResponse(request, "console/export.html", context)

    def _file(self, request: HttpRequest, extent: Extent, choice: int) -> StreamingHttpResponse:
        form = FORMATS[choice]()
        # The database is chosen here, where the request is known; the rows are read after it.
        queryset = extent.rows.using(extent.rows.db)
        rows = StreamedRows(queryset, *self.export_columns.values())
        title = str(capfirst(self.opts.verbose_name_plural))
        parts = form.stream(self._header(form), rows, title)
        host = re.sub(r"[^a-z0-9.-]+", "-", request.get_host().partition(":")[0].lower())
        name = f"{host}-{extent.name}-{timezone.localdate()}.{form.extension}"
        response = StreamingHttpResponse(
            self._logged(request, parts, rows, f" ({form.title}).{extent.words}"),
            content_type=form.content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
        # Not in the session, which ends with the day.
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(
            "export_format", str(choice), YEAR, secure=secure, httponly=True, samesite="Lax"
        )
        return response

    def _header(self, form: Format) -> list[str]:
        """Return the columns' names; those of times say by which clock they are, if need be."""
        zone = f" ({timezone.get_current_timezone_name()})" if form.names_zone else ""
        times = {field.name for field in self.opts.fields if isinstance(field, DateTimeField)}
        columns = self.export_columns.items()
        return [f"{name}{zone}" if source in times else name for name, source in columns]

    def _logged(
        self, request: HttpRequest, parts: Iterator[bytes], rows: StreamedRows, words: str
    ) -> Iterator[bytes]:
        """Yield the file's bytes; at the end, or where it is broken off, log how many rows."""
        try:
            yield from parts
        finally:
            write_log(request, self.model, self.exported % {"count": rows.count} + words)
