"""Variables that are in files."""

import sys
from pathlib import Path

import pytest

from esp_mail.tests.test_settings import PRODUCTION, printed, run

KEY = PRODUCTION["SECRET_KEY"]
WITHOUT_KEY = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}


def refusal(environment: dict[str, str]) -> str:
    process = run([sys.executable, "manage.py", "check"], environment)
    assert process.returncode == 1
    return process.stderr


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{KEY}\n")
    return path


@pytest.mark.parametrize("other", [{}, {"SECRET_KEY": ""}])
def test_secret_in_a_file(secret: Path, other: dict[str, str]) -> None:
    environment = WITHOUT_KEY | other | {"SECRET_KEY_FILE": str(secret)}
    assert printed("SECRET_KEY", **environment) == KEY


def test_any_variable_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "options").write_text('{"latency": 1}\n')
    (tmp_path / "url").write_text("sqlite:////data/plays")
    environment = PRODUCTION | {"DATABASE_URL": "", "DATABASE_URL_FILE": str(tmp_path / "url")}
    environment |= {"ESP_OPTIONS_FILE": str(tmp_path / "options")}
    assert printed("ESP_OPTIONS, DATABASES['default']['NAME']", **environment) == (
        "{'latency': 1} /data/plays"
    )


def test_password_beside_the_url(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/w:rd\n")
    environment = PRODUCTION | {"POSTGRES_PASSWORD_FILE": str(tmp_path / "password")}
    password = "DATABASES['default']['PASSWORD']"
    assert printed(password, **environment) == "secret"  # the URL's own, where it has one
    environment["DATABASE_URL"] = "postgres://esp_mail@db/plays"
    assert printed(password, **environment) == "p@ss/w:rd"


def test_value_and_file_are_one_too_many(secret: Path) -> None:
    assert refusal(PRODUCTION | {"SECRET_KEY_FILE": str(secret)}) == (
        "Not configured: SECRET_KEY and SECRET_KEY_FILE are both set; only one may be.\n"
    )


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), (b"\n", "it is empty")]
)
def test_file_without_a_secret(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    assert refusal(WITHOUT_KEY | {"SECRET_KEY_FILE": str(path)}) == (
        f"Not configured: SECRET_KEY_FILE is '{path}': {reason}.\n"
    )


def test_file_that_is_no_text_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"k3y\xff")
    assert refusal(WITHOUT_KEY | {"SECRET_KEY_FILE": str(path)}) == (
        f"Not configured: SECRET_KEY_FILE is '{path}': it is no text.\n"
    )


def test_trial_secret_in_a_file_serves_no_public_host(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("trial-only")
    environment = PRODUCTION | {"POSTGRES_PASSWORD_FILE": str(tmp_path / "password")}
    environment["DATABASE_URL"] = "postgres://esp_mail@db/plays"
    assert "which everybody knows" in refusal(environment)


@pytest.mark.parametrize(("path", "url"), [("", "/admin/"), ("/staff/room", "/staff/room/")])
def test_admin_elsewhere(path: str, url: str) -> None:
    setup = "import django; django.setup(); from django.urls import reverse"
    process = run(
        [sys.executable, "-c", f"{setup}; print(reverse('admin:index'))"],
        PRODUCTION | {"DJANGO_SETTINGS_MODULE": "esp_mail.settings", "ADMIN_PATH": path},
    )
    assert process.stdout == f"{url}\n", process.stderr
