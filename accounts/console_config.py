"""Not in apps.py, where Django would take the admin's class for one of this application's."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The admin, entered through the site's own login."""

    default_site = "accounts.console.Console"
