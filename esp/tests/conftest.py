import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from esp.tests.fakes.brevo import FakeBrevo
from esp.tests.fakes.klaviyo import FakeKlaviyo
from esp.tests.fakes.listmonk import FakeListmonk
from esp.tests.fakes.mailchimp import FakeMailchimp
from esp.tests.fakes.sendgrid import FakeSendGrid
from esp.tests.fakes.server import FakeESP
from esp.tests.fakes.unisender import FakeUnisender

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
    """Keep a proxy of this machine out of the tests."""
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
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow, and needed by few

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Empty the AWS of moto, and give credentials for it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-aws-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-aws-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    return moto_url


RIGS = [
    pytest.param("mock", marks=pytest.mark.django_db(transaction=True)),
    "SES",
    *(pytest.param(esp, id=esp.backend.vendor) for esp in FAKES),
]


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Put something with the same few handles behind each backend there is."""
    from esp.tests.rigs import MockRig, SESRig  # noqa: PLC0415 - boto3 is slow, and needed by few

    if request.param == "mock":
        yield MockRig()
    elif request.param == "SES":
        yield SESRig(request.getfixturevalue("moto"))
    else:
        esp = request.param()
        with esp.running():
            yield esp


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Let every logger talk, short of what the program silences by itself."""
    caplog.set_level(logging.DEBUG)
    return caplog
