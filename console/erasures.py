"""Who was forgotten when, by whom and why; how far the ESP is with it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from console.lists.change_list import ReadOnlyMixin
from console.lists.filters import ChoiceFilter
from privacy.models import Erasure


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyMixin, ModelAdmin):
    """Without the address, which is kept while the ESP has to be told, and shown to nobody."""

    list_display = ["erased_at", "by", "reason", "esp_state", "attempts", "error"]
    list_select_related = ["by"]
    list_filter = [("esp_state", ChoiceFilter)]
    lookups = ["esp_state__exact"]
    list_before_template = "console/erasures.html"
    fields = ["erased_at", "by", "reason", "esp_state", "attempts", "due_at", "error"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("games.view_person")

    has_module_permission = has_view_permission
