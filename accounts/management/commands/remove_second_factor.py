from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, LabelCommand

from accounts.second_factor import remove_second_factor


class Command(LabelCommand):
    help = "Remove the second factor of an account whose owner lost it, and end its sessions."
    label = "username"

    def handle_label(self, label: str, **_options: Any) -> str:
        account = User.objects.filter(username=label).first()
        if account is None:
            raise CommandError(f"There is no account {label!r}.")
        remove_second_factor(account)
        return f"{label} signs in with the password alone and sets up a new factor."
