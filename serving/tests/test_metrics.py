"""Metrics of real processes: summed over the workers, and never less than they were."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from django.db import OperationalError, connection
from django.test import Client

from games.delivery_pause import DeliveryPause
from serving.metrics import registry
from stats import backlog
from testing.deployment import Deployment, deployment
from testing.esp.brevo import FakeBrevo
from testing.esp.server import Reply
from testing.factories import GameFactory
from testing.server import free_port, wait_for

ROUTE = ("POST", "api/verification_mail/?$", "200")


@pytest.fixture
def brevo() -> Iterator[FakeBrevo]:
    esp = FakeBrevo()
    with esp.running():
        yield esp


def workers(site: Deployment) -> list[psutil.Process]:
    return psutil.Process(site.gunicorn.pid).children()


def counted(site: Deployment) -> dict[str, float]:
    numbers = site.metrics()
    return {
        "requests": numbers["esp_mail_request_seconds_count", ROUTE],
        "new": numbers["esp_mail_plays_total", ("false", "new")],
        "returning": numbers["esp_mail_plays_total", ("true", "returning")],
        "repeated": numbers["esp_mail_plays_total", ("true", "repeated")],
    }


@pytest.mark.process
@pytest.mark.parametrize("environment", [{}, {"PROMETHEUS_MULTIPROC_DIR": ""}])
def test_counts_outlive_a_worker(
    transactional_db: None, tmp_path: Path, environment: dict[str, str]
) -> None:
    with deployment(tmp_path, **environment) as site:
        for number in range(20):
            site.play("cem@test.ru", **{"Idempotency-Key": str(number), "Connection": "close"})
        for _ in range(3):
            site.play("cem@test.ru", **{"Idempotency-Key": "19", "Connection": "close"})
        wanted = {"requests": 23.0, "new": 1.0, "returning": 19.0, "repeated": 3.0}
        assert counted(site) == wanted

        before = workers(site)
        assert len(before) == 2
        os.kill(before[0].pid, signal.SIGKILL)
        wait_for(lambda: len(workers(site)) == 2 and not before[0].is_running())

        for _ in range(5):  # whichever worker answers
            assert counted(site) == wanted
        site.play("cem@test.ru")
        assert counted(site) == wanted | {"requests": 24.0, "returning": 20.0}


@pytest.mark.process
def test_esp_calls_and_breakers(transactional_db: None, tmp_path: Path, brevo: FakeBrevo) -> None:
    esp = {
        "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
        "ESP_OPTIONS": json.dumps(brevo.options()),
    }
    with deployment(tmp_path, **esp) as site:
        site.play("cem@test.ru")
        brevo.always = Reply(401, {"code": "unauthorized"})
        for n in range(20):
            site.play(f"{n}@test.ru", Connection="close")
        numbers = site.metrics()  # once: a worker caches the backlog
        calls = "esp_mail_esp_call_seconds_count"
        assert numbers[calls, ("BrevoBackend", "add_contact", "ok")] == 1
        assert numbers[calls, ("BrevoBackend", "add_contact", "misconfigured")] >= 1
        assert numbers["esp_mail_breakers_open", ()] >= 1
        assert numbers["esp_mail_delivery_paused", ()] == 1
        assert numbers["esp_mail_contacts_pending", ()] == 20

        before = workers(site)
        for worker in before:
            worker.kill()
        wait_for(lambda: len(workers(site)) == 2 and not any(p.is_running() for p in before))
        # What was true of the dead is gone.
        wait_for(lambda: site.metrics().get(("esp_mail_breakers_open", ()), 0) == 0)


@pytest.mark.process
def test_delivery_shares_the_numbers(transactional_db: None, tmp_path: Path) -> None:
    GameFactory(email="cem@test.ru", contact_state="pending", contact_attempts=0)
    delivered = ("esp_mail_delivered_total", ("added",))
    port = free_port()
    with deployment(tmp_path, DELIVERY_METRICS_PORT=str(port)) as site:
        delivery = site.run("manage", "deliver_contacts")
        try:
            wait_for(lambda: site.metrics().get(delivered) == 1)
            own = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            assert 'esp_mail_delivered_total{state="added"} 1.0' in own
        finally:
            delivery.terminate()
            delivery.wait(30)


def test_metrics_are_not_for_who_comes_by_a_proxy(client: Client) -> None:
    response = client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.1"})
    assert response.status_code == 404
    assert b"esp_mail" not in response.content


def test_metrics_of_a_process_alone(client: Client, db: None) -> None:
    backlog._cache.clear()
    GameFactory(contact_state="pending")
    DeliveryPause.objects.begin("the key is wrong")
    text = client.get("/metrics").content.decode()
    assert "esp_mail_database_up 1.0" in text
    assert "esp_mail_contacts_pending 1.0" in text
    assert "esp_mail_delivery_paused 1.0" in text
    assert "esp_mail_request_seconds" in text


def test_processes_show_the_numbers_of_their_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert list(registry().collect()) == []  # no process has written there yet


def test_database_that_is_away_is_a_metric(client: Client, monkeypatch: Any) -> None:
    def away() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    text = client.get("/metrics").content.decode()
    assert "esp_mail_database_up 0.0" in text
    assert "esp_mail_contacts_pending" not in text


def test_backlog_is_read_seldom(client: Client, db: None, django_assert_num_queries: Any) -> None:
    backlog._cache.clear()
    client.get("/metrics")
    with django_assert_num_queries(1):  # whether the database answers
        client.get("/metrics")
