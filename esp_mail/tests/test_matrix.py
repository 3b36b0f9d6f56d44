"""Each role at each address by each method is let in where the table of `matrix` says so.

test_doors says why an address is public; api/tests/test_roles compares whole answers.
"""

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.test import Client

from esp_mail.tests.matrix import ALL_ROLES, expected
from esp_mail.tests.test_doors import filled
from games.models import Game
from testing.people import JSON, body, make_player, role


def app_session(name: str, password: str) -> Client:
    """Return an app in which the account has signed in."""
    sent = {"username": name, "password": password}
    answer = body(Client().post("/api/auth/app/v1/auth/login", sent, JSON))
    return Client(headers={"X-Session-Token": answer["meta"]["session_token"]})


def client_of(who: str) -> Client:
    if "app" not in who:
        return role(who)
    user = make_player("eva@test.ru", "horse")
    if who == "editor's app":
        role("editor")
        user = User.objects.get(username="editor")
        user.set_password("horse")
        user.save()
    return app_session(user.username, "horse")


def address(pattern: str, game: Game) -> str:
    """Return an address that the pattern matches, of something that is there."""
    if found := re.match(r"admin/(\w+)/(\w+)/<(path:object_id|id)>", pattern):
        app, model, _name = found.groups()
        one = apps.get_model(app, model)._default_manager.order_by("pk").first()
        pattern = re.sub(r"<[^>]+>", str(one.pk if one else 0), pattern)
    pattern = re.sub(r"<int:pk>|\(\?P<pk>[^)]+\)", str(game.pk), pattern)
    kind = ContentType.objects.get_for_model(Game).pk
    pattern = pattern.replace("r/<path:content_type_id>/<path:object_id>", f"r/{kind}/{game.pk}")
    return filled(re.sub(r"\(\?P<app_label>[^)]+\)", "games", pattern))


def is_let_in(response: Any) -> bool:
    assert response.status_code < 500
    leads_to_the_login = "/login/" in response.headers.get("Location", "")
    return response.status_code not in {401, 403, 404, 405, 409} and not leads_to_the_login


@pytest.fixture(autouse=True)
def _each_page_is_drawn_for_two_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render templates only for GET and POST: for the others the view has decided by then."""
    drawn: Any = SimpleTemplateResponse.rendered_content

    def content(response: Any) -> str:
        is_drawn = response._request.method in {"GET", "POST"}
        return drawn.fget(response) if is_drawn else ""

    monkeypatch.setattr(TemplateResponse, "rendered_content", property(content))


@pytest.mark.parametrize("who", sorted(ALL_ROLES))
def test_role_is_let_in_where_the_table_says(game: Game, who: str) -> None:
    client = client_of(who)
    client.raise_request_exception = False
    cookies = deepcopy(client.cookies)
    wrong = {}
    for pattern, by_method in expected().items():
        path = address(pattern, game)
        for method, allowed in by_method.items():
            client.cookies = deepcopy(cookies)  # without those of earlier answers
            with transaction.atomic():  # undone, so that no request meets another's changes
                answer = client.generic(method, path, json.dumps({"play_count": 1}), JSON)
                transaction.set_rollback(True)
            if is_let_in(answer) is not (who in allowed):
                wrong[method, pattern] = answer.status_code
    assert wrong == {}
