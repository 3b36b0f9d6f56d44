"""The staff API's rights: for each action of a view, those that its `rights` name."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class StaffRights(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether this is staff with the action's rights; an action not named has none."""
        user: Any = request.user
        rights: dict[str, list[str]] = view.rights
        return user.is_staff and view.action in rights and user.has_perms(rights[view.action])
