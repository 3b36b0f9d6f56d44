"""The API does what its own description says."""

from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

OPERATION = "/api/verification_mail/"
# JSON Schema's "email" is wider than what an ESP can hold.
ADDRESSES = st.from_regex(r"\A[a-z0-9]{1,20}\+?[a-z0-9]{1,20}@[a-z]{2,20}\.(ru|com)\Z")
# A key that was drawn before stands for another address: that is an answer, not a fault.
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "422"]}}}


def describe(client: Client) -> dict[str, Any]:
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    body: dict[str, Any] = response.json()
    return body


def test_schema_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", tmp_path / "schema.yaml")


def test_schema_names_every_answer(client: Client) -> None:
    schema = describe(client)
    assert schema["openapi"].startswith("3.1")
    assert OPERATION in schema["paths"]
    operation = schema["paths"][OPERATION]["post"]
    assert set(operation["responses"]) == {"200", "400", "411", "413", "415", "422", "429", "503"}
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]
    for status, response in operation["responses"].items():
        assert response["content"]["application/json"]["examples"], status


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
    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode))
    def call(case: schemathesis.Case) -> None:
        case.call_and_validate()

    call()
