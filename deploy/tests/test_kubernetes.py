"""The manifests follow the published schemas and name only variables of the program."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from esp_mail.tests.test_settings import PRODUCTION, run

FOLDER = settings.BASE_DIR / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())


def resources() -> Iterator[dict[str, Any]]:
    for name in KUSTOMIZATION["resources"]:
        yield from yaml.safe_load_all((FOLDER / name).read_text())


def variables(name: str) -> dict[str, str]:
    lines = (FOLDER / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_kustomization_lists_every_file() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])


def resource_name(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}-{resource['metadata']['name']}"


@pytest.mark.parametrize("resource", list(resources()), ids=resource_name)
def test_schema(resource: dict[str, Any]) -> None:
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(resource, version, strict=True)


def test_schema_refuses_a_wrong_field() -> None:
    web = next(one for one in resources() if one["kind"] == "Deployment")
    web["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(web, kubernetes_validate.latest_version(), strict=True)


def test_variables_are_in_the_example() -> None:
    example = (settings.BASE_DIR / ".env.example").read_text()
    known = set(re.findall("^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert known >= {*variables("settings.env"), *variables("secrets.env")}


def test_example_does_not_start_with_its_secrets() -> None:
    environment = variables("settings.env") | variables("secrets.env")
    process = run([sys.executable, "manage.py", "check"], PRODUCTION | environment)
    assert process.returncode == 1
    assert "which everybody knows" in process.stderr


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kustomize_builds_it() -> None:
    built = subprocess.check_output(["kubectl", "kustomize", FOLDER], text=True)
    kinds = [one["kind"] for one in yaml.safe_load_all(built)]
    assert sorted(kinds) == sorted([*(one["kind"] for one in resources()), "ConfigMap", "Secret"])
    for one in yaml.safe_load_all(built):
        kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
