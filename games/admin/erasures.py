"""Who was forgotten when, by whom and why; how far the ESP is with it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from games.admin.read_only import ReadOnlyMixin
from games.erasures import Erasure


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyMixin, ModelAdmin):
    """Without the address, which is kept while the ESP has to be told, and shown to nobody."""

    list_display = ["erased_at", "by", "reason", "esp_state", "attempts", "error"]
    list_select_related = ["by"]
    list_filter = ["esp_state"]
    list_before_template = "games/admin/erasures.html"
    fields = ["erased_at", "by", "reason", "esp_state", "attempts", "due_at", "error"]
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("games.view_person")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "esp_state__exact"
