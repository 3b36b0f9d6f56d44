"""The menu: to each role what it may open, and nothing of how the code is divided."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from testing.people import role

CONSENTS = ["Consents", "Consents of erased persons", "Consent texts"]


def menu(client: Client) -> list[str]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return [
        str(item["title"]) for group in groups for item in group["items"] if item["has_permission"]
    ]


@pytest.mark.parametrize(
    ("who", "entries"),
    [
        ("viewer", ["Overview", "Players", "Plays", "Draws"]),
        ("manager", ["Overview", "Players", "Plays", *CONSENTS, "Draws", "Imports"]),
        (
            "superuser",
            [
                *(
                    "Overview",
                    "Players",
                    "Plays",
                    *CONSENTS,
                    "Draws",
                    "Imports",
                    "Erasures",
                    "Mock ESP",
                ),
                *("Users", "Groups", "Tokens", "Second factors", "Addresses of users", "Log"),
            ],
        ),
    ],
)
def test_menu_of_a_role(db: None, who: str, entries: list[str]) -> None:
    client = role(who)
    assert menu(client) == entries
    for group in client.get("/admin/").context["sidebar_navigation"]:
        for item in group["items"]:
            opens = client.get(str(item["link"])).status_code == 200
            assert opens is (item["has_permission"])


def test_contacts_of_the_mock_are_offered_only_while_it_is_used(
    staff: Client, settings: Settings
) -> None:
    settings.ESP_BACKEND = "esp.backends.brevo.BrevoBackend"
    settings.ESP_OPTIONS = {"api_key": "x"}
    assert "Mock ESP" not in menu(staff)


@pytest.mark.parametrize("app", ["games", "auth", "console", "admin"])
def test_pages_of_apps_lead_to_the_overview(staff: Client, app: str) -> None:
    answer: Any = staff.get(f"/admin/{app}/")
    assert (answer.status_code, answer.url) == (302, "/admin/")


def test_breadcrumbs_name_the_list_and_the_row_but_no_app(staff: Client) -> None:
    account = User.objects.get()
    page = staff.get(f"/admin/auth/user/{account.pk}/change/").content.decode()
    heading = page.partition("<h1")[2].partition("</h1>")[0]
    assert 'href="/admin/auth/user/"' in heading
    assert "Users" in heading
    assert "Authentication" not in page
    assert "Overview" not in staff.get("/admin/password_change/").context["title"]
