"""The console's menu: the campaign first, then the team; to each what it may open."""

from functools import partial
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

MOCK = "esp.MockContact"


def may_open(label: str, request: HttpRequest) -> bool:
    """Return whether the account may open the list of a model."""
    if label == MOCK and not settings.ESP_BACKEND.endswith("MockBackend"):
        return False
    pages = admin.site.get_model_admin(apps.get_model(label))
    return bool(pages.has_view_permission(request))


def entry(title: Any, icon: str, label: str) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{label.lower().replace('.', '_')}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": partial(may_open, label)}


OVERVIEW = {"title": _("Overview"), "icon": "monitoring", "link": reverse_lazy("admin:index")}
CAMPAIGN = [
    OVERVIEW,
    entry(_("Players"), "group", "games.Game"),
    entry(_("Plays"), "stadia_controller", "games.Play"),
    entry(_("Consents"), "handshake", "games.Consent"),
    entry(_("Consents of erased persons"), "person_off", "games.ConsentProof"),
    entry(_("Consent texts"), "contract", "games.ConsentText"),
    entry(_("Draws"), "trophy", "console.Draw"),
    entry(_("Imports"), "upload_file", "console.ImportJob"),
    entry(_("Erasures"), "person_remove", "games.Erasure"),
    entry(_("Mock ESP"), "science", MOCK),
]
TEAM = [
    entry(_("Users"), "badge", "auth.User"),
    entry(_("Groups"), "shield_person", "auth.Group"),
    entry(_("Tokens"), "key", "accounts.Token"),
    entry(_("Second factors"), "phonelink_lock", "console.SecondFactor"),
    entry(_("Addresses of users"), "alternate_email", "account.EmailAddress"),
    entry(_("Log"), "history", "admin.LogEntry"),
]
NAVIGATION = [{"items": CAMPAIGN}, {"title": _("Team"), "separator": True, "items": TEAM}]
