"""Alerts, their runbook, and the dashboard: what they ask is there, and each alert fires."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from django.conf import settings
from django.test import Client
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from stats import backlog
from testing.deployment import Deployment, deployment
from testing.esp.brevo import FakeBrevo
from testing.esp.server import Reply
from testing.server import free_port

MONITORING = settings.BASE_DIR / "monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
GROUPS = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt install prometheus)"
)


def promtool(*arguments: str | Path) -> str:
    result = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return result.stdout + result.stderr if result.returncode else ""


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml", "dashboard.json"])
def test_named_metrics_exist(client: Client, db: None, file: str) -> None:
    backlog._cache.clear()
    client.get("/robots.txt")  # loads the views, and with them all metrics, as a server has
    told = client.get("/metrics").content.decode()
    families = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    parts = {f"{name}{end}" for name in families for end in ("", "_bucket", "_count", "_sum")}
    named = set(re.findall(r"\besp_mail_\w+", (MONITORING / file).read_text()))
    assert len(named) > 5
    assert named - parts - {"esp_mail_worker"} == set()


@needs_promtool
def test_prometheus_understands_alerts_and_dashboard(tmp_path: Path) -> None:
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    drawn = tmp_path / "drawn.yml"  # JSON is YAML
    drawn.write_text(json.dumps({"groups": [{"name": "drawn", "rules": rules}]}))
    assert promtool("check", "rules", drawn, MONITORING / "alerts.yml") == ""
    assert promtool("check", "config", MONITORING / "prometheus.yml") == ""


@needs_promtool
def test_each_alert_fires_and_none_besides() -> None:
    tests = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
    expected = [sample for test in tests for sample in test["promql_expr_test"][0]["exp_samples"]]
    assert {re.findall(r'"(\w+)"', sample["labels"])[0] for sample in expected} == set(ALERTS)
    assert promtool("test", "rules", MONITORING / "alerts_test.yml") == ""


def test_each_alert_has_its_paragraph_in_the_runbook() -> None:
    runbook = (settings.BASE_DIR / "docs/runbook.md").read_text()
    paragraphs = dict(re.findall(r"^### (\w+)\n\n(.+)", runbook, re.MULTILINE))
    assert list(paragraphs) == list(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def lost(given: Any, kept: Any, path: str = "") -> list[str]:
    """Return where the second document lacks something that the first has."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [
            place
            for key, value in given.items()
            for place in lost(value, kept.get(key), f"{path}/{key}")
        ]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        pairs = enumerate(zip(given, kept, strict=True))
        return [place for n, (one, two) in pairs for place in lost(one, two, f"{path}/{n}")]
    return [] if given == kept else [path]


def through_grafana(dashboard: dict[str, Any]) -> Any:
    """Read a dashboard into the classes that Grafana makes from its schema, and write it."""
    return json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def test_dashboard_has_only_fields_of_grafanas_schema() -> None:
    assert lost(DASHBOARD, through_grafana(DASHBOARD)) == []
    misspelt = DASHBOARD | {"panells": []}
    assert lost(misspelt, through_grafana(misspelt)) == ["/panells"]


def test_dashboard_can_be_imported_anywhere() -> None:
    """It asks the data source that its reader chooses, not one with a name of ours."""
    [variable] = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    panels = DASHBOARD["panels"]
    asked = [panel["datasource"] for panel in panels]
    asked += [target["datasource"] for panel in panels for target in panel["targets"]]
    assert [one for one in asked if one != {"type": "prometheus", "uid": "${datasource}"}] == []
    assert {panel["type"] for panel in panels} <= {"timeseries", "stat"}
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len({panel["id"] for panel in panels}) == len(panels)


def fires(site: Deployment, folder: Path) -> set[str]:
    """Return the alerts that fire if the site goes on for half an hour as it did until now.

    Each minute the counters grow by what they have counted, and the gauges stay.
    """
    text = requests.get(f"{site.site}/metrics", timeout=10).text
    series = [{"series": 'up{job="esp_mail"}', "values": "1x30"}]
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            growth = value if re.match(r"\w+_(total|count|bucket|sum)\b", name) else "0"
            series.append({"series": name, "values": f"{value}+{growth}x30"})
    asked = {"expr": FIRING, "eval_time": "30m", "exp_samples": []}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [asked]}
    file = folder / "observed.yml"
    rules = str(MONITORING / "alerts.yml")
    file.write_text(json.dumps({"rule_files": [rules], "tests": [test]}))
    return set(re.findall(r'alertname="(\w+)"', promtool("test", "rules", file)))


@needs_promtool
@pytest.mark.parametrize(
    ("answer", "alerts"),
    [(None, set()), (Reply(401, {"code": "unauthorized"}), {"DeliveryPaused", "ESPAway"})],
)
def test_alerts_of_a_real_site_whose_esp_refuses_the_key(
    transactional_db: None, tmp_path: Path, answer: Reply | None, alerts: set[str]
) -> None:
    brevo = FakeBrevo()
    brevo.always = answer
    with brevo.running():
        esp = {
            "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
            "ESP_OPTIONS": json.dumps(brevo.options()),
        }
        with deployment(tmp_path, **esp) as site:
            for number in range(20):
                site.play(f"{number}@test.ru", Connection="close")
            assert fires(site, tmp_path) == alerts


@needs_promtool
def test_alerts_of_a_real_site_without_its_database(tmp_path: Path) -> None:
    nowhere = f"postgres://esp_mail@127.0.0.1:{free_port()}/esp_mail"
    with deployment(tmp_path, DATABASE_URL=nowhere) as site:
        assert site.play("cem@test.ru").status_code == 503
        assert fires(site, tmp_path) == {"DatabaseAway", "PlaysFail"}
