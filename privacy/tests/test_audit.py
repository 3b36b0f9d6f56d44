"""The log of what staff did, and that nobody changes it."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from games.models import Game
from privacy.tests.conftest import CANARY

SignIn = Callable[[str], Client]
LOG = "/admin/admin/logentry/"


def said() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def test_exports_and_deliveries_are_logged_without_what_was_searched(
    sign_in: SignIn, game: Game
) -> None:
    manager = sign_in("managers")
    query = f"?q={CANARY}&contact_state__exact=pending&play_count_from=1&play_count_to={CANARY}"
    answer = manager.post(f"/admin/games/game/export/{query}", {"format": "2"})
    assert CANARY.encode() in b"".join(answer)
    for action in ("deliver_now", "deliver_again"):
        manager.post("/admin/games/game/", {"action": action, "_selected_action": [game.pk]})
    assert said() == [
        "Exported 1 player (CSV, for programs). Filters: Search, Contact: pending, Plays: from 1.",
        "Deliver now: 1.",
        "Deliver again: 1.",
    ]


def test_change_of_rights_says_which(sign_in: SignIn) -> None:
    root = sign_in("superuser")
    user = User.objects.create_user("helper", is_staff=True)
    user.groups.add(Group.objects.get(name="viewers"))
    form = {"username": "helper", "is_staff": "on", "date_joined_0": "2026-05-01"}
    form |= {"date_joined_1": "12:00:00", "is_active": "on"}
    groups = [Group.objects.get(name="managers").pk]
    root.post(
        f"/admin/auth/user/{user.pk}/change/", form | {"groups": groups, "is_superuser": "on"}
    )
    user.refresh_from_db()
    assert user.is_superuser
    [message] = said()
    assert "Groups: +managers, -viewers" in message
    assert "Superuser status: yes" in message
    group = Group.objects.get(name="viewers")
    rights = [Permission.objects.get(codename="view_game").pk]
    root.post(f"/admin/auth/group/{group.pk}/change/", {"name": "viewers", "permissions": rights})
    assert said()[-1] == "Permissions: -play: view."
    root.post(f"/admin/auth/group/{group.pk}/change/", {"name": "viewers", "permissions": rights})
    assert said()[-1] == "No fields changed."
    root.post("/admin/auth/group/add/", {"name": "guests"})
    assert said()[-1] == "Added."


@pytest.mark.parametrize("role", ["data protection", "superuser"])
def test_log_cannot_be_changed(sign_in: SignIn, game: Game, role: str) -> None:
    staff = sign_in(role)
    sign_in("managers").post(
        "/admin/games/game/", {"action": "deliver_now", "_selected_action": [game.pk]}
    )
    entry = LogEntry.objects.get()
    assert staff.get(LOG, {"q": "Deliver now"}).context["cl"].result_count == 1
    assert staff.get(LOG, {"q": "nothing like it"}).context["cl"].result_count == 0
    assert staff.post(f"{LOG}{entry.pk}/change/", {"change_message": "x"}).status_code == 403
    assert staff.post(f"{LOG}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{LOG}add/", {}).status_code == 403
    staff.post(LOG, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    # Nor with the account that did it.
    user = User.objects.get(username="managers")
    assert staff.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    staff.post("/admin/auth/user/", selected)
    assert LogEntry.objects.get() == entry
    assert User.objects.filter(pk=user.pk).exists()


def test_addresses_of_old_entries_are_scrubbed(admin_user: User, game: Game) -> None:
    from importlib import import_module  # noqa: PLC0415

    kind = ContentType.objects.get_for_model(Game)
    values = {"user_id": admin_user.pk, "content_type": kind, "action_flag": 1}
    LogEntry.objects.create(**values, object_id="7", object_repr=CANARY)
    LogEntry.objects.create(**values, object_repr="Plays | game")
    import_module("games.migrations.0004_erasures").scrub_log(apps, None)
    reprs = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
    assert list(reprs) == ["Game 7", "Plays | game"]


def test_groups_that_a_superuser_changed_stay(db: None) -> None:
    from importlib import import_module  # noqa: PLC0415

    viewers = Group.objects.get(name="viewers")
    viewers.permissions.clear()
    Group.objects.get(name="managers").delete()
    import_module("games.migrations.0003_rights").give_rights(apps)
    assert not viewers.permissions.exists()
    assert Group.objects.get(name="managers").permissions.count() == 6
