"""Django's admin with this project's site. Not in apps.py, since it configures another app."""

from django.contrib.admin.apps import AdminConfig


class ConsoleAdminConfig(AdminConfig):
    default_site = "console.site.Console"
