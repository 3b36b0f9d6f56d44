"""Words of the admin's theme, which speaks English only: named here, they get a translation."""

from django.utils.translation import gettext_noop as _

WORDS = [
    _("All applications"),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Dark"),
    _("Delete %(name)s"),
    _("False"),
    _("Light"),
    _("No results found"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select format"),
    _("Select record"),
    _("System"),
    _("This page yielded into no results."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("Welcome back to"),
]
