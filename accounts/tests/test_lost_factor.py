"""A lost second factor: who removes it, by the console or by the command."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from testing.people import make_staff, signed_in

LIST = "/admin/console/secondfactor/"
# The rights that Django has for them open nothing.
RIGHTS = ["view_authenticator", "delete_authenticator"]


def with_factor(user: User) -> User:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user


def one_of(user: User) -> int:
    return Authenticator.objects.get(user=user, type="totp").pk


def select(*users: User) -> dict[str, Any]:
    chosen = [one_of(user) for user in users]
    return {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}


@pytest.fixture
def clerk(db: None) -> User:
    return with_factor(make_staff("clerk", "viewers"))


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss")


@pytest.mark.parametrize("way", ["page", "list"])
def test_administrator_removes_all_that_the_person_has(clerk: User, boss: User, way: str) -> None:
    lost, own = signed_in(clerk), signed_in(boss)
    assert lost.get("/admin/").status_code == 200
    if way == "page":
        own.post(f"{LIST}{one_of(clerk)}/delete/", {"post": "yes"})
    else:
        own.post(LIST, select(clerk))
    assert not Authenticator.objects.exists()
    assert lost.get("/admin/").status_code == 302  # the sessions have ended
    assert own.get("/admin/").status_code == 200
    log = LogEntry.objects.filter(action_flag=CHANGE).values_list
    assert list(log("user", "object_repr", "change_message")) == [
        (boss.pk, "clerk", "Removed the second factor.")
    ]


@pytest.mark.parametrize("rights", [[], RIGHTS])
@pytest.mark.parametrize("group", ["viewers", "managers"])
def test_lower_roles_remove_nothing(clerk: User, group: str, rights: list[str]) -> None:
    client = signed_in(make_staff("colleague", group, *rights))
    assert client.post(f"{LIST}{one_of(clerk)}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(LIST, select(clerk)).status_code == 403
    assert Authenticator.objects.count() == 2


def test_command_helps_the_last_administrator(clerk: User, boss: User, capsys: Any) -> None:
    lost = signed_in(with_factor(boss))
    call_command("remove_second_factor", "boss")
    assert capsys.readouterr().out == (
        "boss signs in with the password alone and sets up a new factor.\n"
    )
    assert set(Authenticator.objects.values_list("user", flat=True)) == {clerk.pk}
    assert lost.get("/admin/").status_code == 302


def test_command_names_an_unknown_account(db: None) -> None:
    with pytest.raises(CommandError, match="There is no account 'nobody'"):
        call_command("remove_second_factor", "nobody")
