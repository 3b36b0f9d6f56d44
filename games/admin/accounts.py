"""Staff accounts and groups, in the console's look; what changed of their rights is in the log."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

SETS = ("groups", "user_permissions", "permissions")
FLAGS = ("is_active", "is_staff", "is_superuser")

admin.site.unregister([User, Group])


class RightsLogAdmin(ModelAdmin):
    """Django's log says that rights were changed, not which."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: ModelForm,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
    ) -> Any:
        if add or not form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        return f"{'; '.join(_changed(form))}."


class SuperusersMixin:
    """Whoever may change an account could make it a superuser's, or take over one by its password.

    So the rights that Django has for it open nothing here.
    """

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


@admin.register(User)
class AccountAdmin(SuperusersMixin, UserAdmin, RightsLogAdmin):  # type: ignore[misc]  # no types
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(SuperusersMixin, GroupAdmin, RightsLogAdmin):  # type: ignore[misc]  # as above
    """Groups, such as one that may look and export but not import."""


def _changed(form: ModelForm) -> Iterator[str]:
    """Yield the fields that changed, with what was given and what was taken."""
    for name in form.changed_data:
        if name in SETS:
            before, after = (
                {str(one) for one in values or ()}
                for values in (form.initial.get(name), form.cleaned_data[name])
            )
            given = [f"+{one}" for one in sorted(after - before)]
            yield f"{name}: {', '.join(given + [f'-{one}' for one in sorted(before - after)])}"
        elif name in FLAGS:
            yield f"{name}: {form.cleaned_data[name]}"
        else:
            yield name
