"""The file .env, which docker compose, manage.py and ./start read alike."""

import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from esp_mail import environment

EXAMPLE = settings.BASE_DIR / ".env.example"
# What reads a variable: Python, nginx's script, docker compose.
READERS = [r'(?:environment|service_urls)\.\w+\(\s*"([A-Z_]+)"', r"\$\{([A-Z_]+):?[?-]"]
READERS += [r'"(SITE_[A-Z_]+)": \(']  # promo.brand
SET_BY_US = {"TLS", "RESOLVER"}  # by a compose file, or by deploy/kubernetes


def loaded(path: Path, **given: str) -> dict[str, str]:
    with mock.patch.dict(os.environ, given, clear=True):
        environment.load(str(path))
        return dict(os.environ)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain value", "plain value"),
        ("A=5/hour # a comment", "5/hour"),
        ("A=https://a/#b", "https://a/#b"),
        ("A=", ""),
        ('A=\'{"api_key": "a#b", "list_id": 1}\'', '{"api_key": "a#b", "list_id": 1}'),
        ("A='of $5 and ${HOME}'", "of $5 and ${HOME}"),
        ('A="two words"', "two words"),
    ],
)
def test_values_mean_what_they_mean_to_compose(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n")
    assert loaded(tmp_path / ".env", HOME="/root")["A"] == value


def test_every_value_of_the_example_is_read_as_it_stands() -> None:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and line[0] != "#"]
    written = dict(line.split("=", 1) for line in lines)
    assert loaded(EXAMPLE) == {name: value.strip("'") for name, value in written.items()}


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    assert loaded(tmp_path / ".env", A="environment") == {"A": "environment", "B": "file"}


def test_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read: it is no text\."):
        loaded(tmp_path / ".env")


@pytest.mark.parametrize(("debug", "value"), [({}, "from the file"), ({"DEBUG": "1"}, "")])
def test_file_is_read_unless_debug_is_set(
    tmp_path: Path, debug: dict[str, str], value: str
) -> None:
    (tmp_path / ".env").write_text("A='from the file'\n")
    code = "from esp_mail import environment; print(environment.text('A'))"
    kept = {name: os.environ[name] for name in ["COVERAGE_PROCESS_CONFIG"] if name in os.environ}
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(settings.BASE_DIR)} | kept | debug,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == value


def variables_that_are_read() -> set[str]:
    root = settings.BASE_DIR
    apps = [app for app in (*settings.INSTALLED_APPS, "api") if (root / app).is_dir()]
    files = [path for app in apps for path in (root / app).rglob("*.py")]
    files = [path for path in files if "tests" not in path.parts]
    files += [*root.glob("*.py"), *root.glob("*compose*.yaml"), *root.glob("nginx/*.envsh")]
    text = "\n".join(path.read_text() for path in files)
    return {name for reader in READERS for name in re.findall(reader, text, re.MULTILINE)}


def test_each_variable_is_in_the_example_and_in_the_documentation_and_no_other() -> None:
    table = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    section = table.split("### First day")[1].split("\n## ")[0]
    cells = " ".join(re.findall(r"^\|([^|]+)\|", section, re.MULTILINE))
    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    read = variables_that_are_read() - SET_BY_US
    assert set(re.findall("`([A-Z_]+)`", cells)) ^ read == set()
    assert example ^ read == set()
