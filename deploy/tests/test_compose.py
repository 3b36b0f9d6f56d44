"""The compose files: hardening, pinned images, and variables that reach their container."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from django.conf import settings

from testing.nginx import SOURCES, variables

COMPOSE = (settings.BASE_DIR / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


@pytest.mark.parametrize("name", ["db", "web", "nginx"])
def test_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert {"mem_limit", "pids_limit", "logging", "tmpfs"} <= service.keys()


@pytest.mark.parametrize("override", ["redis", "monitoring", "pgbouncer"])
def test_optional_services_are_hardened_too(override: str) -> None:
    text = (settings.BASE_DIR / f"compose.{override}.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    added = {name: service for name, service in services.items() if name not in SERVICES}
    assert added
    same = ("init", "read_only", "cap_drop", "security_opt", "restart", "logging")
    for service in added.values():
        assert {key: service.get(key) for key in same} == {
            key: SERVICES["web"][key] for key in same
        }
        assert {"mem_limit", "pids_limit"} <= service.keys()
        if "image" in service:
            assert re.search(r":v?\d+\.\d+\.\d+", service["image"])
            assert service["user"] != "root"


def test_no_container_runs_as_root() -> None:
    dockerfile = (settings.BASE_DIR / "Dockerfile").read_text()
    stages = dict(re.findall(r"AS (nginx|web)\n(.*?)(?=\nFROM|\Z)", dockerfile, re.DOTALL))
    users = {name: re.findall(r"^USER (\d+)$", text, re.MULTILINE) for name, text in stages.items()}
    assert users == {"nginx": ["101"], "web": ["10001"]}
    assert SERVICES["db"]["user"] == "postgres"


def test_images_are_pinned_to_a_patch() -> None:
    text = COMPOSE + (settings.BASE_DIR / "Dockerfile").read_text()
    images = re.findall(r"^(?:FROM| +image:) (\S+)", text, re.MULTILINE)
    assert len(images) == 4
    assert [image for image in images if not re.search(r":\d+\.\d+", image)] == []


def test_web_process_takes_the_client_address_from_nginx() -> None:
    assert SERVICES["web"]["environment"]["CLIENT_IP_HEADER"] == "X-Real-IP"


def test_only_nginx_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]


def test_variables_of_nginx_reach_it() -> None:
    script = (SOURCES / "19-variables.envsh").read_text()
    read = set(re.findall(r"\$\{([A-Z_]+):?-", script)) | set(
        re.findall(r"networks ([A-Z_]+)", script)
    )
    passed = SERVICES["nginx"]["environment"]
    # TLS is set by compose.https.yaml; RESOLVER and WEB keep their defaults here.
    assert read - {"TLS", "RESOLVER", "WEB"} == passed.keys()
    assert all(value == f"${{{name}:-}}" for name, value in passed.items())


def test_variables_are_in_the_example_with_their_defaults() -> None:
    example = (settings.BASE_DIR / ".env.example").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)[:?-]", COMPOSE))
    used |= {"TLS_CERTIFICATE", "TLS_CERTIFICATE_KEY", "HTTPS_PORT"}
    assert used <= given.keys()
    defaults = dict(line.split("=", 1) for line in variables().stdout.split("\0") if "=" in line)
    shared = given.keys() & defaults.keys()
    assert {name: given[name] for name in shared} == {name: defaults[name] for name in shared}
    assert len(shared) == 10


def test_client_programs_and_web_process_reach_the_same_external_database() -> None:
    text = (settings.BASE_DIR / "compose.external-database.yaml").read_text()
    services = yaml.safe_load(text)["services"]
    assert services["db"]["environment"] == {
        "PGHOST": "${DATABASE_HOSTS:?}",
        "PGPASSWORD": SERVICES["db"]["environment"]["POSTGRES_PASSWORD"],
        "PGTARGETSESSIONATTRS": "read-write",
    }
    url = SERVICES["web"]["environment"]["DATABASE_URL"]
    expected = url.replace("@db:5432", "@${DATABASE_HOSTS:?}")
    assert services["web"]["environment"] == {"DATABASE_URL": expected}


def test_names_of_the_template_pass_the_filter() -> None:
    dockerfile = (settings.BASE_DIR / "Dockerfile").read_text()
    allowed = re.search(r"NGINX_ENVSUBST_FILTER=(\S+)", dockerfile)
    assert allowed is not None
    template = (SOURCES / "default.conf.template").read_text()
    names = set(re.findall(r"\$\{(\w+)\}", template))
    assert names
    assert [name for name in names if not re.search(allowed[1], name)] == []


def test_image_gets_every_package_of_the_program() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    copied = (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
    assert {f"!{package}" for package in packages} <= set(copied)
