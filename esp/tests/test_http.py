"""Failures of the wire, once for all vendors: Brevo stands for the base."""

import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from esp import VERSION
from esp.backends.answer import Answer, parse_json, seconds_from
from esp.backends.brevo import BrevoBackend
from esp.deadline import time_budget
from esp.errors import ESPMisconfigured, ESPUnavailable
from esp.tests.fakes.brevo import FakeBrevo
from esp.tests.fakes.server import Reply

SHORT = 0.3
EMAIL = "cem@test.ru"


def backend_of(esp: FakeBrevo, **options: Any) -> BrevoBackend:
    return BrevoBackend(**esp.options() | options)


@pytest.mark.parametrize("mode", ["slow", "drip", "drip-headers"])
def test_call_ends_before_a_slow_server_does(brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode

    with pytest.raises(ESPUnavailable, match="in time"):
        backend_of(brevo, timeout=SHORT).has_contact(EMAIL)

    assert brevo.finished == 0
    assert not brevo.stopping.is_set()


@pytest.mark.parametrize("mode", ["slow", "drip", "drip-headers"])
def test_budget_ends_a_call_before_the_timeout(brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode

    with time_budget(SHORT), pytest.raises(ESPUnavailable, match="in time"):
        backend_of(brevo, timeout=600).has_contact(EMAIL)

    assert brevo.finished == 0


def test_dead_addresses_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class DeadSocket(socket.socket):
        def connect(self, _address: Any) -> None:
            waits.append(self.gettimeout() or 0)
            time.sleep(min(0.05, waits[-1]))
            raise TimeoutError

    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))
    monkeypatch.setattr("esp.backends.connection.socket.getaddrinfo", lambda *_a, **_k: [entry] * 3)
    monkeypatch.setattr("esp.backends.connection.socket.socket", DeadSocket)

    with pytest.raises(ESPUnavailable):
        BrevoBackend(
            api_key="k", list_id=7, base_url="http://brevo.example", timeout=1
        ).has_contact(EMAIL)

    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == 3


def test_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(ESPUnavailable, match="could not be reached"):
        BrevoBackend(api_key="k", list_id=7, base_url=url).has_contact(EMAIL)


@pytest.mark.parametrize("mode", ["down", "garbage", "truncated", "nonsense", "hang-up", "huge"])
@pytest.mark.parametrize("method", ["has_contact", "add_contact"])
def test_broken_answer_is_unavailable(brevo: FakeBrevo, mode: str, method: str) -> None:
    brevo.mode = mode

    with pytest.raises(ESPUnavailable):
        getattr(backend_of(brevo), method)(EMAIL)

    assert brevo.finished == 0  # nobody reads what is huge to its end


def test_redirect_is_misconfigured_and_not_followed(brevo: FakeBrevo) -> None:
    brevo.mode = "redirect"

    with pytest.raises(ESPMisconfigured, match="base_url"):
        backend_of(brevo).has_contact(EMAIL)

    assert len(brevo.received) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_temporary_status_is_unavailable_for_as_long_as_it_says(
    brevo: FakeBrevo, status: int
) -> None:
    brevo.always = Reply(status, {}, {"Retry-After": "12"})

    with pytest.raises(ESPUnavailable) as caught:
        backend_of(brevo).has_contact(EMAIL)

    assert caught.value.retry_after == 12


@pytest.mark.parametrize("status", [401, 402, 403, 405, 410])
def test_status_of_a_wrong_setting_is_misconfigured(brevo: FakeBrevo, status: int) -> None:
    brevo.always = Reply(status, {})

    with pytest.raises(ESPMisconfigured):
        backend_of(brevo).add_contact(EMAIL)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17),
        ("0", 0),
        ("1.5", 1.5),
        ("-5", 0),
        ("99999999", 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 99 Dec 9999 23:59:59 GMT", None),
    ],
)
def test_hint_to_wait_is_read_with_suspicion(value: str, seconds: float | None) -> None:
    assert seconds_from(value) == seconds


def test_hint_to_wait_may_be_a_moment() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=100)

    assert seconds_from(str(int(moment.timestamp()))) == pytest.approx(100, abs=3)
    assert seconds_from(format_datetime(moment)) == pytest.approx(100, abs=3)


@pytest.mark.parametrize(
    "body", [b"[" * 400_000, b"\xff\xfe", b'{"a": 1' + b"0" * 9000 + b"}", b"x"]
)
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert parse_json(body) is None


def test_free_text_of_the_esp_gets_into_no_reason() -> None:
    for echoed in ("cem@test.ru", "xkeysib-0123", "a" * 50):
        assert Answer(400, {}, {"code": echoed}).code() == ""
    assert Answer(400, {}, {"code": "Invalid_Parameter"}).code() == " (invalid_parameter)"


@pytest.mark.parametrize("mode", ["ok", "chunked"])
def test_connection_is_reused(brevo: FakeBrevo, mode: str) -> None:
    brevo.hold(EMAIL)
    brevo.mode = mode
    backend = backend_of(brevo)

    for _ in range(5):
        assert backend.has_contact(EMAIL)

    assert brevo.connections == 1


def test_connection_that_the_esp_closed_is_replaced(brevo: FakeBrevo) -> None:
    backend = backend_of(brevo)
    backend.has_contact(EMAIL)
    brevo.hang_up()
    while brevo.sockets:
        time.sleep(0.01)

    assert backend.has_contact(EMAIL) is False
    assert brevo.connections == 2


def test_threads_do_not_mix_their_answers(brevo: FakeBrevo) -> None:
    backend = backend_of(brevo)
    wrong: list[int] = []
    for n in range(0, 40, 2):
        brevo.hold(f"{n}@test.ru")

    def ask(first: int) -> None:
        wrong.extend(
            n for n in range(first, 40, 4) if backend.has_contact(f"{n}@test.ru") != (n % 2 == 0)
        )

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(brevo.received) == 40
    assert brevo.connections == 4


def test_request_names_the_project_and_its_version(brevo: FakeBrevo) -> None:
    backend_of(brevo).has_contact(EMAIL)

    assert brevo.received[0].headers["user-agent"] == f"esp-mail/{VERSION}"
    assert f'version = "{VERSION}"' in Path("pyproject.toml").read_text()


def test_netrc_does_not_replace_the_key(
    brevo: FakeBrevo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    backend_of(brevo).has_contact(EMAIL)

    assert "authorization" not in brevo.received[0].headers


def test_cookies_do_not_travel_from_contact_to_contact(brevo: FakeBrevo) -> None:
    brevo.always = Reply(200, {"id": 1}, {"Set-Cookie": "who=cem; Path=/"})
    backend = backend_of(brevo)
    backend.has_contact(EMAIL)
    backend.has_contact(EMAIL)

    assert "cookie" not in brevo.received[1].headers


def test_proxy_of_the_environment_is_used_within_the_budget(
    brevo: FakeBrevo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", brevo.url)
    brevo.mode = "drip-headers"

    with pytest.raises(ESPUnavailable):
        backend_of(brevo, base_url="http://brevo.example", timeout=SHORT).has_contact(EMAIL)

    assert brevo.received[0].target.startswith("http://brevo.example/contacts/")
    assert brevo.finished == 0


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": "ключ"},
        {"api_key": "two\nlines"},
        {"base_url": "nowhere"},
        {"base_url": "http://"},
        {"base_url": "http://[::1"},
        {"base_url": f"http://{'a' * 70}.example"},
    ],
)
def test_option_that_makes_no_request_is_misconfigured(
    brevo: FakeBrevo, options: dict[str, str]
) -> None:
    with pytest.raises(ESPMisconfigured, match="malformed"):
        backend_of(brevo, **options).has_contact(EMAIL)


def secured(esp: FakeBrevo, authority: trustme.CA) -> str:
    """Put the running fake behind TLS and return its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    esp.server.socket = context.wrap_socket(esp.server.socket, server_side=True)
    return esp.url.replace("http:", "https:")


def test_certificate_of_a_stranger_is_misconfigured(brevo: FakeBrevo) -> None:
    url = secured(brevo, trustme.CA())

    with pytest.raises(ESPMisconfigured, match="certificate"):
        backend_of(brevo, base_url=url).has_contact(EMAIL)

    assert brevo.received == []


def test_certificate_of_the_environments_authority_is_trusted(
    brevo: FakeBrevo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    url = secured(brevo, authority)
    backend = backend_of(brevo, base_url=url)

    assert backend.has_contact(EMAIL) is False
    brevo.mode = "drip-headers"
    with time_budget(SHORT), pytest.raises(ESPUnavailable, match="in time"):
        backend.has_contact(EMAIL)
    assert brevo.finished == 0


def test_server_without_tls_is_unavailable(brevo: FakeBrevo) -> None:
    with pytest.raises(ESPUnavailable):
        backend_of(brevo, base_url=brevo.url.replace("http:", "https:")).has_contact(EMAIL)


def test_fakes_can_be_broken_and_read_at_run_time(brevo: FakeBrevo) -> None:
    import requests  # noqa: PLC0415 - as a rehearsal would

    backend_of(brevo).add_contact(EMAIL)
    requests.post(f"{brevo.url}/_mode", data=json.dumps({"mode": "down"}), timeout=5)

    with pytest.raises(ESPUnavailable):
        backend_of(brevo).add_contact(EMAIL)
    assert requests.get(f"{brevo.url}/_stats", timeout=5).json() == {
        "contacts": {EMAIL: 1},
        "duplicates": 0,
    }
