"""Handing over what a list shows, filtered as it is."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from import_export.admin import ExportMixin as BaseExportMixin
from unfold.contrib.import_export.forms import ExportForm

from games.admin.log import write_log
from games.exporting.formats import CSV, JSON, XLSX, StreamedFormat


class ExportMixin(BaseExportMixin):
    """An export that is sent while it is read, and stands in the log with its number of rows."""

    export_form_class = ExportForm
    export_formats = [CSV, XLSX, JSON]
    lookups: frozenset[str]

    def has_export_permission(self, request: HttpRequest) -> bool:
        # Of the plays too. An export shows addresses, whoever asks.
        rights = ["games.export_game", "games.view_address"]
        return request.user.has_perms(rights) and self.has_view_permission(request)

    def _do_file_export(
        self,
        file_format: StreamedFormat,
        request: HttpRequest,
        queryset: QuerySet,
        export_form: Any = None,
    ) -> StreamingHttpResponse:
        resource = self.choose_export_resource_class(export_form, request)()
        # The database is chosen here, where the request is known; the rows are read after it.
        rows = CountedRows(resource.stream(queryset.using(queryset.db)))
        content = self._logged(file_format.stream(resource.header(), rows), rows, request)
        name = self.get_export_filename(request, queryset, file_format)
        return StreamingHttpResponse(
            content,
            content_type=file_format.get_content_type(),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _logged(
        self, content: Iterator[bytes], rows: "CountedRows", request: HttpRequest
    ) -> Iterator[bytes]:
        try:
            yield from content
        finally:  # what left the house is known too where it was broken off
            text = ngettext("Exported %(count)d row.", "Exported %(count)d rows.", rows.count)
            write_log(request, self.model, text % {"count": rows.count} + self._filters(request))

    def _filters(self, request: HttpRequest) -> str:
        """Name the filters; of a search only that there was one, since it may be an address."""
        named = [
            f"{name}={value}"
            for name, value in request.GET.items()
            if name in self.lookups and re.fullmatch(r"[\w.:-]{1,30}", str(value))
        ]
        if request.GET.get(SEARCH_VAR):
            named.append(_("search"))
        return f" ({', '.join(named)})" if named else ""


class CountedRows:
    """Rows, counted as they are taken."""

    def __init__(self, rows: Iterator[list[Any]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self.rows:
            self.count += 1
            yield row
