"""/metrics and /readyz of a real site behind nginx: for MONITORING_NETWORKS and nobody else."""

import socket
from collections.abc import Callable, Iterator

import pytest

from testing.deployment import Deployment, deployment
from testing.nginx import Proxy

MONITORING = "198.51.100.1"
VISITOR = "203.0.113.1"
CLAIMS = [
    "X-Forwarded-For: 198.51.100.1",
    "X-Forwarded-For:",
    "X_Forwarded_For: 198.51.100.1",
    "X-Real-IP: 198.51.100.1",
    "X-Client-IP: 198.51.100.1",
    "Forwarded: for=198.51.100.1",
    "X-Forwarded-Host: web:8000",
    "X-Original-URL: /metrics",
    "X-Rewrite-URL: /metrics",
    "Connection: close, X-Forwarded-For, X-Real-IP",
    "Host: web:8000",
    "Host: 127.0.0.1",
]
SPELLINGS = [
    "/metrics",
    "/metrics?x=1",
    "/metrics/",
    "/metrics//",
    "//metrics",
    "/%2fmetrics",
    "/%6detrics",
    "/metrics%2f",
    "/metrics/x",
    "/x/../metrics",
    "/x/%2e%2e/metrics",
    "/api/../metrics",
    "/static/../metrics",
    "/./metrics",
    "/metrics;x",
    "/metrics%00",
    "/metrics%0a",
    "/METRICS",
    "http://web:8000/metrics",
    "http://127.0.0.1/metrics",
    "/readyz",
    "//readyz",
    "/%2freadyz",
    "http://web:8000/readyz",
]


@pytest.fixture(scope="module")
def running(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(running: Deployment, transactional_db: None) -> Deployment:
    return running


@pytest.fixture
def start(start_nginx: Callable[..., Proxy], site: Deployment) -> Callable[..., Proxy]:
    """Return a function that starts nginx in front of the site."""
    port = int(site.site.rpartition(":")[2])
    return lambda **values: start_nginx(to=port, **values)


def ask(nginx: Proxy, target: str, *headers: str) -> tuple[int, str]:
    """Send these bytes, which a library would correct; return the answer's status and body."""
    lines = [f"GET {target} HTTP/1.1", *headers]
    if not any(header.startswith("Host:") for header in headers):
        lines.append("Host: localhost")
    if not any(header.startswith("Connection:") for header in headers):
        lines.append("Connection: close")
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=10) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


def refused(answer: tuple[int, str]) -> bool:
    status, body = answer
    return status in {400, 404} and "esp_mail_" not in body and "ready" not in body


def test_outside_nothing_opens_them(start: Callable[..., Proxy]) -> None:
    nobody = start()
    others = start(MONITORING_NETWORKS=MONITORING)
    for nginx in (nobody, others):
        assert [target for target in SPELLINGS if not refused(ask(nginx, target))] == []
        assert [claim for claim in CLAIMS if not refused(ask(nginx, "/metrics", claim))] == []
        assert [claim for claim in CLAIMS if not refused(ask(nginx, "//readyz", claim))] == []


def test_monitoring_sees_all(start: Callable[..., Proxy], site: Deployment) -> None:
    site.play("cem@test.ru")
    nginx = start(MONITORING_NETWORKS="127.0.0.0/8")
    for target in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "http://web:8000/metrics"):
        status, body = ask(nginx, target)
        assert status == 200
        assert 'esp_mail_plays_total{esp_status="false",player="new"} 1.0' in body
    assert [claim for claim in CLAIMS if ask(nginx, "/metrics", claim)[0] != 200] == []
    status, body = ask(nginx, "/readyz")
    assert status == 200
    assert '"breaker": "closed"' in body
    assert refused(ask(nginx, "/metric"))


def test_monitoring_behind_a_balancer(start: Callable[..., Proxy]) -> None:
    nginx = start(TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8", MONITORING_NETWORKS=MONITORING)
    for named in (MONITORING, f"{VISITOR}, {MONITORING}", f"{MONITORING}, 10.1.1.1"):
        assert ask(nginx, "/metrics", f"X-Forwarded-For: {named}")[0] == 200
    # The balancer appends the visitor's address to whatever the visitor claims.
    for claimed in (VISITOR, f"{MONITORING}, {VISITOR}", f"{MONITORING}, {VISITOR}, 10.1.1.1"):
        header = f"X-Forwarded-For: {claimed}"
        assert [target for target in SPELLINGS if not refused(ask(nginx, target, header))] == []
        others = [claim for claim in CLAIMS if not claim.startswith("X-Forwarded-For")]
        asked = {claim: ask(nginx, "/metrics", header, claim) for claim in others}
        assert [claim for claim, answer in asked.items() if not refused(answer)] == []


def test_past_a_balancer_its_header_is_not_believed(start: Callable[..., Proxy]) -> None:
    nginx = start(TRUSTED_PROXIES="10.0.0.0/8", MONITORING_NETWORKS=MONITORING)
    assert refused(ask(nginx, "/metrics", f"X-Forwarded-For: {MONITORING}"))
    assert refused(ask(nginx, "/metrics", f"X-Forwarded-For: {MONITORING}, 10.0.0.1"))
