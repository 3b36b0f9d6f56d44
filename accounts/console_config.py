"""Others' applications, set up; not in apps.py, where Django would take them for this one."""

from allauth.account.apps import AccountConfig
from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The admin, entered through the site's own login."""

    default_site = "accounts.console.Console"


class SignInConfig(AccountConfig):
    """django-allauth's, with its middleware in ours, which steps aside for plays."""

    def ready(self) -> None:
        # As theirs, but for the demand that the settings name theirs.
        from allauth.account import checks  # noqa: F401, PLC0415 - needs the models
