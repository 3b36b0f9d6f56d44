"""Taking over known addresses: look at what would happen first, then say yes."""

import io
import re
from typing import Any

import openpyxl
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from import_export import resources
from import_export.admin import ImportMixin
from import_export.formats import base_formats
from import_export.results import Result
from tablib import Dataset
from unfold.contrib.import_export.forms import ImportForm

from games.admin.log import write_log
from games.importing import ImportReport, import_known_addresses
from games.masking import may_see_addresses
from games.models import Game

COLUMNS = ["email", "plays", "first_play", "last_play"]


class CSV(base_formats.CSV):
    """Commas or semicolons: spreadsheets of many languages write the latter."""

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Dataset:
        header = in_stream.partition("\n")[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        return super().create_dataset(in_stream, delimiter=delimiter, **kwargs)


class XLSX(base_formats.XLSX):
    """All sheets that begin with the first one's header: our own exports may need several."""

    def create_dataset(self, in_stream: Any) -> Dataset:
        book = openpyxl.load_workbook(io.BytesIO(in_stream), read_only=True, data_only=True)
        dataset = Dataset()
        for sheet in book.worksheets:
            rows = sheet.iter_rows(values_only=True)
            header = list(next(rows, ()))
            dataset.headers = dataset.headers or header
            for row in rows if header == dataset.headers else ():
                if any(row):
                    dataset.append([_decoded(value) for value in row])
        return dataset


def _decoded(value: Any) -> Any:
    """Return a cell's text as Excel shows it, which writes "_x005F_" for some underscores."""
    if not isinstance(value, str):
        return value
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), value)


class KnownAddressResult(Result):
    """A result that goes on past rows with errors: they are left out, and listed."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__()
        self.report = report


class KnownAddressResource(resources.Resource):
    """The file's rows, for `import_known_addresses`, which takes them in batches."""

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    def get_user_visible_fields(self) -> list[Any]:
        return [resources.Field(column_name=name) for name in COLUMNS]

    def import_data(
        self, dataset: Dataset, *_args: Any, dry_run: bool = False, **_kwargs: Any
    ) -> KnownAddressResult:
        names = [str(name).strip().lower() for name in dataset.headers or []]
        if "email" not in names:
            text = _("The first row must name the columns, one of them “email”.")
            return KnownAddressResult(ImportReport(errors=[(1, str(text))]))
        rows = (dict(zip(names, row, strict=False)) for row in dataset)
        return KnownAddressResult(import_known_addresses(rows, dry_run=dry_run))


class KnownAddressesMixin(ImportMixin):
    import_form_class = ImportForm
    import_formats = [CSV, XLSX]
    import_template_name = "games/admin/import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        # What is new and what is not would answer a guess.
        allowed: bool = super().has_import_permission(request)
        return allowed and may_see_addresses(request.user)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().process_import(request, **kwargs)
        except (FileNotFoundError, IndexError):  # sent twice, or to another container
            messages.error(request, _("The file is no longer there. Upload it again."))
            return redirect("admin:games_game_import")

    def get_import_resource_classes(self, request: HttpRequest) -> list[type]:
        return [KnownAddressResource]

    def generate_log_entries(self, result: KnownAddressResult, request: HttpRequest) -> None:
        write_log(request, Game, summary(result.report))

    def add_success_message(self, result: KnownAddressResult, request: HttpRequest) -> None:
        messages.success(request, summary(result.report))


def summary(report: ImportReport) -> str:
    text = _(
        "Imported: %(new)d new addresses, %(raised)d higher counts, %(unchanged)d unchanged, "
        "%(errors)d rows left out."
    )
    values = {"new": report.new, "raised": report.raised, "unchanged": report.unchanged}
    return str(text % {**values, "errors": len(report.errors)})
