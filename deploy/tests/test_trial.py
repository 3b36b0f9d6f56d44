"""docker compose up without a .env: secrets are made once, and serve this machine only."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from esp_mail.tests.test_settings import run

FOLDER = settings.BASE_DIR / "deploy" / "trial"
TRIAL = dict(re.findall(r"^(\w+)=(.*)$", (FOLDER / "trial.env").read_text(), re.MULTILINE))
SECRETS = {"SECRET_KEY_FILE", "PRIVACY_KEY_FILE", "POSTGRES_PASSWORD_FILE"}


def make_secrets(folder: Path, variables: dict[str, str]) -> dict[str, str]:
    """Run make-secrets with `folder` instead of /trial; return the files by name."""
    script = (FOLDER / "make-secrets").read_text().replace("/trial/", f"{folder}/")
    script = script.replace("exec docker-entrypoint.sh", "exec echo")
    command = ["sh", "-c", script, "make-secrets", "postgres", "-c", "log"]
    environment = {"PATH": "/usr/bin:/bin"} | variables
    output = subprocess.check_output(command, env=environment, text=True)
    assert output == "postgres -c log\n"
    return {path.name: path.read_text() for path in folder.iterdir()}


def in_folder(folder: Path) -> dict[str, str]:
    return {name: value.replace("/trial", str(folder)) for name, value in TRIAL.items()}


def test_secrets_are_made_once(tmp_path: Path) -> None:
    made = make_secrets(tmp_path, in_folder(tmp_path))
    assert made.keys() == {"secret_key", "privacy_key", "postgres_password"}
    assert all(re.fullmatch("trial-only-[0-9a-f]{64}", secret) for secret in made.values())
    assert len(set(made.values())) == 3
    assert make_secrets(tmp_path, in_folder(tmp_path)) == made


def test_an_installation_gets_no_secrets(tmp_path: Path) -> None:
    assert make_secrets(tmp_path, {}) == {}
    assert make_secrets(tmp_path, {"POSTGRES_PASSWORD_FILE": "/run/secrets/password"}) == {}


@pytest.mark.parametrize(("hosts", "code"), [({}, 0), ({"ALLOWED_HOSTS": "play.example.com"}, 1)])
def test_trial_serves_this_machine_only(tmp_path: Path, hosts: dict[str, str], code: int) -> None:
    make_secrets(tmp_path, in_folder(tmp_path))
    database = {"DATABASE_URL": "postgres://esp_mail@db:5432/esp_mail"}
    environment = in_folder(tmp_path) | database | hosts
    checked = run([sys.executable, "manage.py", "check", "--tag", "urls"], environment)
    assert checked.returncode == code, checked.stderr
    assert ("before ALLOWED_HOSTS names a public host" in checked.stderr) is bool(hosts)


def test_compose_reads_the_trial_where_allowed_hosts_is_not_set() -> None:
    compose = (settings.BASE_DIR / "docker-compose.yaml").read_text()
    paths = re.findall(r"path: (\S+)", compose)
    trial = "deploy/trial/${ALLOWED_HOSTS:+not-}trial.env"
    assert paths == [trial, trial, ".env"]
    assert not (FOLDER / "not-trial.env").exists()
