"""The public API matches its OpenAPI description."""

from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

OPERATION = "/api/verification_mail/"
# JSON Schema's "email" allows addresses that the API refuses.
ADDRESSES = st.from_regex(r"\A[a-z0-9]{1,20}\+?[a-z0-9]{1,20}@[a-z]{2,20}\.(ru|com)\Z")
# 422 is correct if Hypothesis draws a key that it has used for another address.
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "422"]}}}
few_examples = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def describe(client: Client) -> dict[str, Any]:
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    body: dict[str, Any] = response.json()
    return body


def test_schema_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", tmp_path / "schema.yaml")


def test_strangers_see_the_public_api_alone(client: Client) -> None:
    schema = describe(client)
    assert list(schema["paths"]) == [OPERATION, "/api/play_keys/"]


def test_schema_names_every_answer(client: Client) -> None:
    schema = describe(client)
    assert schema["openapi"].startswith("3.1")
    assert OPERATION in schema["paths"]
    operation = schema["paths"][OPERATION]["post"]
    assert set(operation["responses"]) == {
        "200", "400", "403", "411", "413", "415", "422", "429", "503",
    }  # fmt: skip
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]
    for status, response in operation["responses"].items():
        assert response["content"]["application/json"]["schema"], status
    assert operation["responses"]["200"]["content"]["application/json"]["examples"]
    for status in ("429", "503"):
        assert "Retry-After" in operation["responses"][status]["headers"]


@pytest.mark.parametrize(
    "mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
)
def test_schemathesis_finds_nothing(live_server: Any, mode: Any) -> None:
    schemathesis.openapi.format("email", ADDRESSES)
    config = schemathesis.config.SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_url(
        f"{live_server.url}/api/schema/?format=json", config=config
    )
    operation = schema[OPERATION]["POST"]

    @seed(1)
    @few_examples
    @given(operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case) -> None:
        case.call_and_validate()

    call()


def test_schemathesis_finds_nothing_in_play_keys(live_server: Any, settings: Any) -> None:
    settings.PLAY_SECONDS = settings.PLAY_KEY_WORK = 1
    schema = schemathesis.openapi.from_url(
        f"{live_server.url}/api/schema/?format=json",
        config=schemathesis.config.SchemathesisConfig.from_dict(
            {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "403"]}}}
        ),
    )
    for method in ("GET", "POST"):

        @few_examples
        @given(schema["/api/play_keys/"][method].as_strategy())
        def call(case: schemathesis.Case) -> None:
            case.call_and_validate()

        call()
