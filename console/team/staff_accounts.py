"""Staff accounts and groups, in the console's look; what changed of their rights is in the log."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ManyToManyField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from console.lists.change_list import ListMixin

SETS = ("groups", "user_permissions", "permissions")
FLAGS = ("is_active", "is_staff", "is_superuser")
ACTIONS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}
# Whose rights open something to staff who are no superusers.
MODELS = ("game", "play", "token", "logentry", "mockcontact", "emailaddress")

admin.site.unregister([User, Group])


class RightsAdmin(ListMixin, ModelAdmin):
    """For superusers only, and with an entry in the log that says which rights were changed.

    Whoever may change an account could make it a superuser's, or take over one by its password. So
    the rights that Django has for it open nothing here.
    """

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_module_permission = has_add_permission = has_view_permission
    has_change_permission = has_delete_permission = has_view_permission

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **options: Any
    ) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)
        if field and db_field.related_model is Permission:
            field.queryset = field.queryset.filter(content_type__model__in=MODELS)
            field.label_from_instance = _describe
        return field

    def construct_change_message(
        self, request: HttpRequest, form: ModelForm, formsets: Any, add: Any = None
    ) -> Any:
        if add or not form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        return f"{'; '.join(_changed(form))}."


@admin.register(User)
class AccountAdmin(UserAdmin, RightsAdmin):  # type: ignore[misc]  # no types
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(GroupAdmin, RightsAdmin):  # type: ignore[misc]  # as above
    """Groups, such as one that may look and export but not import."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the roles, but not the rows that join them with their rights."""
        _tree, _counts, lacking, protected = super().get_deleted_objects(objs, request)
        names = [str(one) for one in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, lacking, protected


def _describe(one: Group | Permission) -> str:
    """Return the name of a role, or of a right in words: "Can see addresses", "play: view"."""
    if isinstance(one, Group):
        return one.name
    options: Any = one.content_type.model_class()
    if own := dict(options._meta.permissions).get(one.codename):  # noqa: SLF001 - documented
        return gettext(own)
    return f"{one.content_type.name}: {ACTIONS[one.codename.partition('_')[0]]}"


def _changed(form: ModelForm) -> Iterator[str]:
    """Yield the fields that changed, with what was given and what was taken."""
    for name in form.changed_data:
        label = str(capfirst(form.fields[name].label or name))
        if name in SETS:
            before = {_describe(one) for one in form.initial.get(name) or ()}
            after = {_describe(one) for one in form.cleaned_data[name]}
            given = [f"+{one}" for one in sorted(after - before)]
            taken = [f"-{one}" for one in sorted(before - after)]
            yield f"{label}: {', '.join(given + taken)}"
        elif name in FLAGS:
            answer = gettext("yes") if form.cleaned_data[name] else gettext("no")
            yield f"{label}: {answer}"
        else:
            yield label
