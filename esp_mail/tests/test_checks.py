"""The checks of how gunicorn is reached, and of the accent colour."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection


@pytest.mark.parametrize(
    ("bind", "header", "warned"),
    [
        ("0.0.0.0:8000", "", True),
        ("[::]:8000", "", True),
        (":8000", "", True),
        ("127.0.0.1:8000, 192.0.2.1:8000", "", True),
        ("0.0.0.0:8000", "X-Real-IP", False),  # the containers
        ("", "", False),
        ("127.0.0.1:8000", "", False),
        ("[::1]:8000", "", False),
        ("localhost:8000", "", False),
        ("unix:/run/esp_mail.sock", "", False),
    ],
)
def test_gunicorn_that_other_machines_reach_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, settings: Any, bind: str, header: str, warned: bool
) -> None:
    monkeypatch.setenv("BIND", bind)
    settings.CLIENT_IP_HEADER = header
    found = [each for each in run_checks(include_deployment_checks=True) if each.id]
    warnings = [each.msg for each in found if each.id == "esp_mail.W002"]
    assert len(warnings) == warned
    assert [each.id for each in run_checks()].count("esp_mail.W002") == 0  # only at start


@pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's settings")
def test_commits_that_do_not_wait_for_the_disk_are_warned_of(db: None) -> None:
    """A standby is in deploy/tests/test_failover.py."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        (fsync,) = cursor.fetchone()
        cursor.execute("SET LOCAL synchronous_commit = off")
    found = [each for each in run_checks(databases=["default"]) if each.id == "esp_mail.W004"]
    warned = {each.msg for each in found}
    assert (
        "PostgreSQL: synchronous_commit is off: a crash loses the last answered plays."
    ) in warned
    assert len([text for text in warned if "fsync is off" in text]) == (fsync == "off")
    assert not [text for text in warned if "standby" in text]
    assert "esp_mail.W004" not in [each.id for each in run_checks()]


def test_accent_that_cannot_be_read_on_light_pages_is_warned_of(settings: Any) -> None:
    settings.BRAND = settings.BRAND._replace(accent="#ffcc00")
    (warning,) = [each for each in run_checks() if each.id == "esp_mail.W003"]
    assert warning.msg == (
        "SITE_ACCENT #ffcc00 has a contrast of 1.3 to light pages; text needs 4.5. "
        "They show #826800 instead."
    )
    assert warning.hint == "Set a darker colour, such as SITE_ACCENT=#826800."


@pytest.mark.parametrize("accent", ["", "#826800"])
def test_readable_accent_is_not_warned_of(settings: Any, accent: str) -> None:
    settings.BRAND = settings.BRAND._replace(accent=accent)
    assert [each.id for each in run_checks()].count("esp_mail.W003") == 0


@pytest.mark.parametrize(
    ("proxies", "header", "warned"),
    [("10.0.0.0/8", "", True), ("10.0.0.0/8", "X-Real-IP", False), ("", "", False)],
)
def test_proxies_without_a_header_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, settings: Any, proxies: str, header: str, warned: bool
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    settings.CLIENT_IP_HEADER = header
    found = [each.id for each in run_checks(include_deployment_checks=True)]
    assert found.count("esp_mail.W005") == warned


@pytest.mark.parametrize(("key", "warned"), [("trial-only-0123", True), ("of-a-site", False)])
def test_trial_is_warned_of(settings: Any, key: str, warned: bool) -> None:
    settings.SECRET_KEY = key
    found = [each.id for each in run_checks(include_deployment_checks=True)]
    assert found.count("esp_mail.W006") == warned


@pytest.mark.parametrize(("https", "warned"), [(False, True), (True, False)])
def test_site_without_https_is_warned_of_once(settings: Any, https: bool, warned: bool) -> None:
    settings.HTTPS = https
    found = [each for each in run_checks(include_deployment_checks=True) if "HTTPS" in each.msg]
    assert [each.id for each in found if not each.is_silenced()] == ["esp_mail.W007"] * warned
