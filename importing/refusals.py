"""Why a file was refused, in words that say what to do."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _


def _save(text: Any) -> Any:
    return format_lazy("{} {}", text, _("Open it in a spreadsheet, and save it as XLSX or CSV."))


REASONS = {
    "empty": _("The file is empty."),
    "addresses": _(
        "No sheet has a column of addresses. Name the columns in one row above them, one “email”."
    ),
    "pdf": _("This is a PDF, not a table. Export the table as XLSX or CSV."),
    "document": _("This is a text document. Copy its table into a spreadsheet."),
    "picture": _("This is a picture, not a table."),
    "zip": _("This is an archive. Unpack it, and upload the table that is in it."),
    "markup": _save(_("This is a web page or an XML file, whatever its name ends in.")),
    "unknown": _save(_("This is neither a spreadsheet nor a text file.")),
    "password": _("The file is protected by a password. Save it without one."),
    "broken": _save(_("The file is damaged or not finished.")),
    "bomb": _save(_("The file unpacks to far more than a table of this size has.")),
    "large": _("The file takes too much memory or time to read. Save it as CSV, or divide it."),
    "rows": _("The file has more than 600,000 rows. Divide it."),
    "columns": _("A row has more than 1,000 columns. Keep those of addresses, plays and dates."),
    "cell": _("A cell has more than 32,767 characters, or a quotation mark is not closed."),
    "quotes": _save(
        _("A quotation mark in the file may hide rows: it opens a cell and is closed in another.")
    ),
    "line": _("A line has more than a million characters, so this is no table."),
}
