"""The addresses of the modules that never change."""

import re
import shutil
from base64 import b64decode
from hashlib import sha384
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.test import Client

from promo import modules
from testing.keep_modules import keep

IMMUTABLE = "public, max-age=31536000, immutable"


def test_list_names_every_module_with_its_hash(db: None) -> None:
    answer = Client().get("/verification-mail.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    found = answer.json()
    assert found["version"] == modules.current_version()
    assert list(found["modules"]) == list(modules.modules())
    for name, module in found["modules"].items():
        path = f"/verification-mail/{found['version']}/{name}"
        assert module["url"] == f"http://testserver{path}"
        served = Client().get(path)
        assert b64decode(module["integrity"].removeprefix("sha384-")) == (
            sha384(served.getvalue()).digest()
        )
        assert served.headers["Cache-Control"] == IMMUTABLE
        assert served.headers["Access-Control-Allow-Origin"] == "*"
        assert served.headers["Content-Type"] == "text/javascript; charset=utf-8"
        served.close()


def test_version_follows_the_content_of_each_module(tmp_path: Path) -> None:
    shutil.copytree(modules.CURRENT, tmp_path, dirs_exist_ok=True)
    with mock.patch.object(modules, "CURRENT", tmp_path):
        versions = {modules.current_version()}
        for path in tmp_path.glob("verification-mail*.js"):
            path.write_text(path.read_text() + "changed();\n")
            versions.add(modules.current_version())
    assert len(versions) == 1 + len(list(tmp_path.glob("verification-mail*.js")))


def test_element_is_one_file_beside_the_modules_that_pages_import_too() -> None:
    served = modules.content("verification-mail-form.js").decode()
    imported = re.findall(r'\bfrom ?"\./(.+?)";', served)
    assert imported == ["verification-mail-waiting.js", "verification-mail.js"]


def test_parts_of_the_element_keep_their_addresses(db: None) -> None:
    """A browser may have an element from before an upgrade, which imports them."""
    for path in modules.CURRENT.glob("verification-mail*.js"):
        assert Client().get(f"/{path.name}").status_code == 200, path.name


def test_released_version_stays_after_a_change(db: None, tmp_path: Path) -> None:
    (tmp_path / "0123456789ab").mkdir()
    (tmp_path / "0123456789ab" / "verification-mail.js").write_text("old; // as it was")
    with mock.patch.object(modules, "RELEASED", tmp_path):
        served = Client().get("/verification-mail/0123456789ab/verification-mail.js")
        assert served.getvalue() == b"old; // as it was"
        assert served.headers["Cache-Control"] == IMMUTABLE
        served.close()


@pytest.mark.parametrize("name", ["0123456789ab/verification-mail.js", "x/verification-mail.js"])
def test_unknown_version_is_404(name: str) -> None:
    assert Client().get(f"/verification-mail/{name}").status_code == 404


def test_modules_of_a_release_are_kept() -> None:
    """A release's modules are copied before the next change: run `make keep-modules`."""
    changelog = (settings.BASE_DIR / "CHANGELOG.md").read_text()
    newest = next(line for line in changelog.splitlines() if line.startswith("## "))
    kept = modules.RELEASED / modules.current_version()
    assert newest.endswith("(unreleased)") or kept.is_dir()


def test_kept_modules_are_what_their_version_says() -> None:
    for folder in modules.RELEASED.glob("*"):
        kept = {path.name: path.read_bytes() for path in sorted(folder.glob("*.js"))}
        assert modules.version_of(kept) == folder.name


def test_modules_are_kept_as_their_version_says(tmp_path: Path) -> None:
    with mock.patch.object(modules, "RELEASED", tmp_path):
        keep()
        test_kept_modules_are_what_their_version_says()
    assert [path.name for path in tmp_path.glob("*")] == [modules.current_version()]
