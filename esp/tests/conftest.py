import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import FakeESP
from testing.esp.unisender import FakeUnisender

FAKES: list[type[FakeESP]] = [
    FakeBrevo,
    FakeKlaviyo,
    FakeListmonk,
    FakeMailchimp,
    FakeSendGrid,
    FakeUnisender,
]


@pytest.fixture(autouse=True)
def loopback_is_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call the fakes directly even if this machine uses a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(params=FAKES, ids=lambda fake: fake.backend.vendor)
def fake(request: pytest.FixtureRequest) -> Iterator[FakeESP]:
    """Run each vendor's fake in turn."""
    esp: FakeESP = request.param()
    with esp.running():
        yield esp


@pytest.fixture
def brevo() -> Iterator[FakeBrevo]:
    esp = FakeBrevo()
    with esp.running():
        yield esp


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow, and few tests need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty moto, with AWS credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-aws-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-aws-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    return moto_url


BACKEND_CASES = [
    pytest.param("mock", marks=pytest.mark.django_db(transaction=True)),
    "SES",
    *(pytest.param(esp, id=esp.backend.vendor) for esp in FAKES),
]


@pytest.fixture(params=BACKEND_CASES)
def backend_case(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Run each backend in turn, with hold() and state() to set up and read its contacts."""
    from testing.esp.backend_cases import MockCase, SESCase  # noqa: PLC0415 - slow, and few tests need it

    if request.param == "mock":
        yield MockCase()
    elif request.param == "SES":
        yield SESCase(request.getfixturevalue("moto"))
    else:
        esp = request.param()
        with esp.running():
            yield esp


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Capture all log records, except those of loggers that the program itself limits."""
    caplog.set_level(logging.DEBUG)
    return caplog
