"""Network failures, tested with Brevo only: the base handles them for all vendors."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from esp.backends.answer import Answer, parse_json, seconds_from
from esp.backends.brevo import BrevoBackend
from esp.deadline import time_budget
from esp.errors import ESPMisconfigured, ESPUnavailable
from serving.version import VERSION
from testing.esp.brevo import FakeBrevo
from testing.esp.server import FakeESP, Reply

SHORT = 0.3
EMAIL = "cem@test.ru"


@contextmanager
def timezone_of(name: str) -> Iterator[None]:
    """Have the machine's clock in a time zone, as Django's TIME_ZONE does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()


def backend_of(esp: FakeBrevo, **options: Any) -> BrevoBackend:
    return BrevoBackend(**esp.options() | options)


@pytest.mark.parametrize("mode", ["slow", "drip", "drip-headers"])
def test_timeout_ends_a_call_to_a_slow_server(brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode

    with pytest.raises(ESPUnavailable, match="in time"):
        backend_of(brevo, timeout=SHORT).has_contact(EMAIL)

    assert brevo.finished == 0
    assert not brevo.stopping.is_set()


@pytest.mark.parametrize("mode", ["slow", "drip", "drip-headers"])
def test_budget_ends_a_call_to_a_slow_server(brevo: FakeBrevo, mode: str) -> None:
    brevo.mode = mode

    with time_budget(SHORT), pytest.raises(ESPUnavailable, match="in time"):
        backend_of(brevo, timeout=600).has_contact(EMAIL)

    assert brevo.finished == 0


def test_dead_ip_addresses_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
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
            api_key="k", list_id="7", base_url="http://brevo.example", timeout=1
        ).has_contact(EMAIL)

    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == 3


def test_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(ESPUnavailable, match="could not be reached"):
        BrevoBackend(api_key="k", list_id="7", base_url=url).has_contact(EMAIL)


@pytest.mark.parametrize("mode", ["down", "garbage", "truncated", "nonsense", "hang-up", "huge"])
@pytest.mark.parametrize("method", ["has_contact", "add_contact"])
def test_broken_answer_is_unavailable(brevo: FakeBrevo, mode: str, method: str) -> None:
    brevo.mode = mode

    with pytest.raises(ESPUnavailable):
        getattr(backend_of(brevo), method)(EMAIL)

    assert brevo.finished == 0  # a huge body is not read to its end


@pytest.mark.parametrize(
    "location", ["/elsewhere", "https://else.example/", "http://[", "//", "\xe9", "data:,x", ""]
)
def test_redirect_is_not_followed(brevo: FakeBrevo, location: str) -> None:
    brevo.always = Reply(302, b"<h1>Moved</h1>", {"Location": location})

    with pytest.raises(ESPUnavailable, match="base_url") as caught:
        backend_of(brevo).has_contact(EMAIL)

    assert caught.value.answered
    assert len(brevo.received) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_temporary_status_is_unavailable_with_retry_after(brevo: FakeBrevo, status: int) -> None:
    brevo.always = Reply(status, {}, {"Retry-After": "12"})

    with pytest.raises(ESPUnavailable) as caught:
        backend_of(brevo).has_contact(EMAIL)

    assert caught.value.retry_after == 12


@pytest.mark.parametrize(
    "reply",
    [Reply(401), Reply(401, b"<html>"), *(Reply(status, {"code": "no"}) for status in (402, 403))],
)
def test_wrong_key_or_right_is_misconfigured(brevo: FakeBrevo, reply: Reply) -> None:
    brevo.always = reply

    with pytest.raises(ESPMisconfigured):
        backend_of(brevo).add_contact(EMAIL)


def test_a_firewalls_json_is_not_the_vendors_reason(fake: FakeESP) -> None:
    fake.always = Reply(403, {"error": {"reason": "blocked"}})
    backend: Any = fake.backend(**fake.options())

    for method in (backend.has_contact, backend.add_contact, backend.remove_contact):
        with pytest.raises(ESPUnavailable) as caught:
            method(EMAIL)
        assert caught.value.answered


@pytest.mark.parametrize("status", [300, 307, 402, 403, 404, 405, 406, 409, 410, 413, 451, 499])
@pytest.mark.parametrize("method", ["has_contact", "add_contact", "remove_contact"])
def test_any_other_refusal_concerns_one_contact(brevo: FakeBrevo, method: str, status: int) -> None:
    brevo.always = Reply(status, b"<h1>Blocked</h1>")

    with pytest.raises(ESPUnavailable) as caught:
        getattr(backend_of(brevo), method)(EMAIL)

    assert caught.value.answered


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
        ("Fri, 31 Dec 1999 23:59:59", 0),
        ("17, 17", 17),
        ("17;w=60", 17),
        ("5s", 5),
        ("PT5S", None),
        ("2099-12-31T23:59:59Z", None),
        ("١٧", None),
    ],
)
def test_retry_after_is_bounded_or_ignored(value: str, seconds: float | None) -> None:
    assert seconds_from(value) == seconds


def test_retry_after_may_be_a_time() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=100)

    assert seconds_from(str(int(moment.timestamp()))) == pytest.approx(100, abs=3)
    assert seconds_from(str(int(moment.timestamp() * 1000))) == pytest.approx(100, abs=3)
    assert seconds_from(format_datetime(moment)) == pytest.approx(100, abs=3)
    with timezone_of("Pacific/Auckland"):
        without_zone = format_datetime(moment).removesuffix(" +0000")
        assert seconds_from(without_zone) == pytest.approx(100, abs=3)


@pytest.mark.parametrize(
    "body", [b"[" * 400_000, b"\xff\xfe", b'{"a": 1' + b"0" * 9000 + b"}", b"x"]
)
def test_invalid_json_is_none(body: bytes) -> None:
    assert parse_json(body, 1000) is None


def test_only_a_code_of_the_esp_gets_into_a_reason() -> None:
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


def test_closed_connection_is_replaced(brevo: FakeBrevo) -> None:
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


def test_cookies_are_not_sent_back(brevo: FakeBrevo) -> None:
    brevo.always = Reply(200, {"id": 1, "email": EMAIL}, {"Set-Cookie": "who=cem; Path=/"})
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
def test_malformed_option_is_misconfigured(brevo: FakeBrevo, options: dict[str, str]) -> None:
    with pytest.raises(ESPMisconfigured, match="malformed"):
        backend_of(brevo, **options).has_contact(EMAIL)


def secured(esp: FakeBrevo, authority: trustme.CA) -> str:
    """Put the running fake behind TLS and return its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    esp.server.socket = context.wrap_socket(esp.server.socket, server_side=True)
    return esp.url.replace("http:", "https:")


def test_unknown_certificate_authority_is_misconfigured(brevo: FakeBrevo) -> None:
    url = secured(brevo, trustme.CA())

    with pytest.raises(ESPMisconfigured, match="certificate"):
        backend_of(brevo, base_url=url).has_contact(EMAIL)

    assert brevo.received == []


def test_certificate_authority_of_the_environment_is_trusted(
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


def test_fake_can_be_controlled_over_http(brevo: FakeBrevo) -> None:
    import requests  # noqa: PLC0415 - as a rehearsal would

    backend_of(brevo).add_contact(EMAIL)
    requests.post(f"{brevo.url}/_mode", data=json.dumps({"mode": "down"}), timeout=5)

    with pytest.raises(ESPUnavailable):
        backend_of(brevo).add_contact(EMAIL)
    stats = requests.get(f"{brevo.url}/_stats", timeout=5).json()
    assert stats == {"contacts": {EMAIL: 1}, "duplicates": 0, "calls": 2, "refused": 0}
