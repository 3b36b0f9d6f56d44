"""The addresses at which apps sign in."""

from typing import Any

from django.test import Client


def test_description_of_signing_in_is_served_and_made_once(
    client: Client, monkeypatch: Any
) -> None:
    first = client.get("/api/auth/openapi.json")
    assert any(path.endswith("/auth/login") for path in first.json()["paths"])
    assert client.get("/api/auth/openapi.yaml").content.startswith(b"components:")
    monkeypatch.delattr("allauth.headless.spec.views.get_schema")
    again = client.get("/api/auth/openapi.json")
    assert again.content == first.content
    for header in ("Content-Type", "Content-Disposition", "Vary"):
        assert again.headers[header] == first.headers[header]
    assert client.post("/api/auth/openapi.json").status_code == 405
