# ruff: noqa: RUF001 - the theme's apostrophes
"""Words of django-unfold that have no Russian translation. Named here, they get ours."""

from django.utils.translation import gettext_noop as _

WORDS = [
    _("All applications"),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Add %(name)s"),
    _("Dark"),
    _("Delete"),
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
    _("Select record"),
    _("System"),
    _("This page yielded into no results."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("Welcome back to"),
    _("Date"),
    _("Go back"),
    _("Select value"),
    _("Filters"),
    _("After you've created a user, you’ll be able to edit more user options."),
    _(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you can "
        'change the password using <a href="{}" class="text-primary-600 dark:text-primary-500">'
        "this form</a>."
    ),
]
