"""The log of who did what with personal data: Django's admin log.

No entry contains an address: rows are named by their numbers.
"""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest


def write_log(
    request: HttpRequest, model: type[Model], message: str, row: Model | None = None
) -> None:
    """Note what the account did to, or with, a row, or many of a model at once."""
    content_type: Any = ContentType.objects.get_for_model(model)
    LogEntry.objects.create(
        user_id=request.user.pk or 0,  # staff are signed in
        content_type=content_type,
        object_id=str(row.pk) if row else None,
        object_repr=str(row or ""),
        action_flag=CHANGE,
        change_message=message,
    )
