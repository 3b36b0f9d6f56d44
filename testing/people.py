"""The people of the role matrix, and how each of them asks."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from accounts.models import Scope, Token

JSON = "application/json"
EDITING = ["add_game", "change_address", "change_count", "erase_game"]


def make_player(address: str, password: str | None = None) -> User:
    user = User.objects.create_user(f"player-{address[:3]}", address, password)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def make_staff(name: str, group: str | None = None, *rights: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def make_token(user: User, scope: str = Scope.READ, *, days: int = 1, name: str = "job") -> str:
    """Return the secret of a new token."""
    token = Token(user=user, scope=scope, name=name, expiry=timezone.now() + timedelta(days=days))
    token.make_secret()
    token.save()
    secret = token.secret
    return str(secret)


def signed_in(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def with_token(secret: str) -> Client:
    return Client(headers={"Authorization": f"Token {secret}"})


def role(name: str) -> Client:
    """Return a client of the role; tokens are of an account that may do everything."""
    if name == "anonymous":
        return Client()
    if name in {"player", "other player"}:
        return signed_in(make_player("cem@test.ru" if name == "player" else "eva@test.ru"))
    if name in {"viewer", "manager"}:
        return signed_in(make_staff(name, f"{name}s"))
    if name == "editor":
        return signed_in(make_staff(name, "managers", *EDITING))
    if name == "superuser":
        return signed_in(User.objects.create_superuser(name))
    return with_token(_token(name))


def _token(name: str) -> str:
    owner = User.objects.create_superuser("owner")
    if name == "revoked token":
        secret = make_token(owner, Scope.WRITE)
        Token.objects.all().delete()
        return secret
    if name == "expired token":
        return make_token(owner, Scope.WRITE, days=-1)
    if name == "viewer's token":
        return make_token(make_staff("viewer", "viewers"), Scope.WRITE)
    return make_token(owner, Scope.READ if name == "read token" else Scope.WRITE)


def body(response: Any) -> Any:
    return response.json() if response.content else None
