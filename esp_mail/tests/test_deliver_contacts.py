"""The command that delivers: how it ends when it fails, and where it shows its metrics."""

import logging
from typing import Any

import prometheus_client
import pytest
import requests
from django.core.management import call_command
from django.db import IntegrityError

from esp.client import get_client
from esp.errors import ESPMisconfigured
from esp_mail.management.commands import deliver_contacts
from esp_mail.own_jobs import OwnJobs
from games.delivery import Delivery
from testing.server import free_port

pytestmark = pytest.mark.django_db


def test_failure_is_told_in_the_log_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Python's own traceback would quote the database's rows."""

    def fail(_delivery: Delivery) -> None:
        raise IntegrityError("Key (email)=(cem@test.ru)")

    monkeypatch.setattr(Delivery, "run_once", fail)
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        call_command("deliver_contacts", once=True)
    assert ended.value.code == 1
    assert [record.message for record in caplog.records] == ["delivery ended"]


def test_metrics_have_a_port_of_their_own(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.DELIVERY_METRICS_PORT = free_port()
    url = f"http://127.0.0.1:{settings.DELIVERY_METRICS_PORT}/metrics"
    servers, shown = [], []

    def start(*args: Any, **options: Any) -> None:
        servers.append(prometheus_client.start_http_server(*args, **options))

    def run(_delivery: Delivery) -> None:
        shown.append(requests.get(url, timeout=5).text)

    monkeypatch.setattr(deliver_contacts, "start_http_server", start)
    monkeypatch.setattr(Delivery, "run", run)
    call_command("deliver_contacts")
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "esp_mail_delivered_total" in shown[0]


def test_jobs_that_need_no_esp_do_not_wait_for_it() -> None:
    get_client().breaker.open(ESPMisconfigured("the key is wrong"))
    half = get_client().breaker.wait_seconds / 2
    assert OwnJobs([]).idle_seconds() < half < Delivery([]).idle_seconds()
