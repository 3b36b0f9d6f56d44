"""The log, in words that a manager reads."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client

from testing.campaign import GAMES
from testing.factories import GameFactory

LOG = "/admin/admin/logentry/"


def rows(staff: Client) -> list[tuple[str, str, str | None]]:
    pages = staff.get(LOG).context["cl"].model_admin
    entries = LogEntry.objects.order_by("pk")
    return [(str(entry.user), pages.what(entry), pages.about(entry)) for entry in entries]


def test_log_says_who_did_what_with_what(staff: Client) -> None:
    player = GameFactory(contact_state="rejected")
    staff.get(f"{GAMES}person/{player.pk}/")
    query = "?contact_state__exact=rejected&play_count_from=1&q=test"
    b"".join(staff.post(f"{GAMES}export/{query}", {"format": "0"}))
    staff.post("/admin/auth/group/add/", {"name": "guests"})
    filters = "Filters: Search, Contact: rejected or given up, Plays: from 1."
    assert rows(staff) == [
        ("admin", "Opened everything about this person.", f"Player {player.pk}"),
        ("admin", f"Exported 1 player (XLSX, for Excel). {filters}", None),
        ("admin", "Added.", "group: guests"),
    ]
    page = staff.get(LOG).content.decode()
    for title in ("When", "Who", "What was done", "With what"):
        assert title in page


def test_kind_of_a_row_may_be_gone(staff: Client, admin_user: User) -> None:
    LogEntry.objects.create(user=admin_user, object_id="1", object_repr="x", action_flag=2)
    assert rows(staff) == [("admin", "", "x")]


def test_role_is_deleted_without_the_rows_behind_it(staff: Client) -> None:
    group = Group.objects.get(name="viewers")
    page = staff.get(f"/admin/auth/group/{group.pk}/delete/").content.decode()
    assert "Groups: 1" in page
    assert "object (" not in page
    staff.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    assert not Group.objects.filter(name="viewers").exists()


def test_rights_are_offered_in_words(staff: Client) -> None:
    group = Group.objects.get(name="managers")
    page = staff.get(
        f"/admin/auth/group/{group.pk}/change/", headers={"Accept-Language": "ru"}
    ).content.decode()
    assert "selected>Видеть адреса</option>" in page
    assert ">токен: просмотр</option>" in page
    assert "watermark" not in page
