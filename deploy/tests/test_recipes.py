"""The recipes of docs/recipes.md, carried out on a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
RECIPES = dict(
    re.findall(
        r"^## (.+?)\n(.*?)(?=^## |\Z)",
        (ROOT / "docs/recipes.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
)
BLOCK = re.compile(r"```(diff|sh)\n(.*?)```", re.DOTALL)
PLAY = """
from django.test import Client
client = Client(headers={"Host": "localhost"})
answer = client.post("/api/verification_mail/", BODY, "application/json")
"""
MIGRATE = """
from django.core.management import call_command
call_command("check")
call_command("migrate", verbosity=0)
"""
# What shows that a recipe worked, by its title; run by `manage.py shell`.
CHECKS = {
    "Add an ESP": """
from esp.backends.example import ExampleBackend
assert ExampleBackend(api_key="key", list_id=7).list_number() == 7
""",
    "Add a field to the answer": f"""
BODY = {{"email": "a@test.ru"}}
{PLAY}
assert answer.json()["is_tenth_play"] is False
""",
    "Store a field of a play": f"""
BODY = {{"email": "a@test.ru", "source": "stand 7"}}
{PLAY}
from games.models import Play
assert Play.objects.get().fields == {{"source": "stand 7"}}
""",
    "Add a setting": """
from django.conf import settings
assert settings.RULES_URL == "/rules"
""",
    "Put your own words on the page": """
from django.contrib.staticfiles import finders
from django.test import Client
for language, words in (("en", "Win a trip for two."), ("ru", "Приз — поездка на двоих.")):
    answer = Client(headers={"Host": "localhost", "Accept-Language": language}).get("/")
    for part in (words, "/static/site/own.css", "cdn.example.com/trip.jpg", 'id="board"'):
        assert part in answer.content.decode(), part
assert finders.find("site/own.css")
""",
    "Add a column to the players' list": """
from django.contrib import admin
from games.models import Game
assert "idle" in admin.site.get_model_admin(Game).list_display
""",
    "Add a page to the console": """
from django.contrib.auth.models import User
from django.test import Client
client = Client(headers={"Host": "localhost"})
client.force_login(User.objects.create_superuser("owner"))
assert b"Today: 0" in client.get("/admin/today/").content
""",
    "Write a migration": """
from games.models import Game
assert Game.objects.create(email="a@test.ru", note="asked").note == "asked"
""",
}


def test_every_recipe_is_checked() -> None:
    assert list(RECIPES) == list(CHECKS)


def run(project: Path, command: str, text: str = "") -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DEBUG": "1",
        "RULES_URL": "/rules",
        "PLAY_FIELDS": '{"source": "text:40"}',
        "DATABASE_URL": f"sqlite:///{project}/db.sqlite3",
    }
    process = subprocess.run(
        ["sh", "-ec", command],
        cwd=project,
        env=environment,
        input=text,
        text=True,
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, f"{command}\n{process.stdout}\n{process.stderr}"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project's files, as a stranger has cloned them, with a database.

    The copies keep the files' times, so Python uses what it has compiled.
    """
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    run(folder, "python manage.py migrate --verbosity 0")
    return folder


@pytest.fixture
def project(clone: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clone, tmp_path / "project"))


@pytest.mark.parametrize("title", CHECKS)
def test_recipe_works(project: Path, title: str) -> None:
    for kind, content in BLOCK.findall(RECIPES[title]):
        if kind == "diff":
            run(project, "git apply --verbose -", content)
        else:
            run(project, content)
    run(project, "python manage.py shell --verbosity 0", MIGRATE + CHECKS[title])
