"""The mock's contacts, for demos: add one by hand to play a contact that the ESP already has."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from console.lists.change_list import ListMixin
from esp.models import MockContact
from serving.addresses import readable_address


@admin.register(MockContact)
class MockContactAdmin(ListMixin, ModelAdmin):
    list_display = ["address", "added_at", "times_added"]
    search_fields = ["email__contains"]
    date_hierarchy = "added_at"
    readonly_fields = ["added_at", "times_added"]

    @admin.display(description=_("address"), ordering="email")
    def address(self, contact: MockContact) -> str:
        return readable_address(contact.email)
