"""What real processes write: JSON, one id from the proxy to delivery, and nobody's address."""

import gzip
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from games.contact_queue import deliver_now
from games.models import Game
from serving.keyed_hash import keyed_hash
from serving.logs import configuration, format_exception, scrub
from testing.deployment import Deployment, deployment
from testing.esp.brevo import FakeBrevo
from testing.esp.server import KEY, Reply
from testing.server import wait_for

ADDRESS = "canary.person@canary.example"
REQUEST_ID = "0123456789abcdef-from-nginx"


class FakeSentry:
    """Takes reports, and keeps their bytes."""

    def __init__(self) -> None:
        received = self.received = []  # type: list[bytes]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_port}/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def text(self) -> str:
        """Return all that came, unpacked."""
        unpacked = [
            gzip.decompress(b) if b.startswith(b"\x1f\x8b") else b for b in list(self.received)
        ]
        return b"\n".join(unpacked).decode()


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    fake = FakeSentry()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture
def brevo() -> Iterator[FakeBrevo]:
    esp = FakeBrevo()
    with esp.running():
        yield esp


def brevo_options(esp: FakeBrevo) -> dict[str, str]:
    return {
        "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
        "ESP_OPTIONS": json.dumps(esp.options()),
    }


def break_the_table() -> None:
    """Let the database refuse each new play with a text that quotes the address."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
                "unique_violation USING MESSAGE = 'Key (email)=(' || NEW.email || ')'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON games_game "
                "FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            cursor.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON games_game "
                f"BEGIN SELECT RAISE(ABORT, 'Key (email)=({ADDRESS})'); END"
            )


def mend_the_table() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP FUNCTION refuse CASCADE")
        else:
            cursor.execute("DROP TRIGGER refuse")


def assert_silent(site: Deployment, *texts: str) -> None:
    for text in (site.log, *texts):
        lower = text.lower()
        assert "canary" not in lower, lower[max(0, lower.index("canary") - 300) :][:600]


@pytest.mark.process
def test_nothing_that_is_written_names_anybody(
    transactional_db: None, tmp_path: Path, brevo: FakeBrevo, sentry: FakeSentry
) -> None:
    environment = brevo_options(brevo) | {"SENTRY_DSN": sentry.dsn, "LOG_LEVEL": "DEBUG"}
    assert "canary" in KEY
    with deployment(tmp_path, **environment) as site:
        assert site.play(ADDRESS).json()["esp_status"] is False
        assert site.play(ADDRESS, Referer=f"https://x/?{ADDRESS}").json()["games_count"] == 2
        assert site.play("canary@@bad").status_code == 400
        assert requests.get(f"{site.site}/{ADDRESS}?q={ADDRESS}", timeout=9).status_code == 404
        brevo.always = Reply(500, {"code": ADDRESS, "message": KEY})
        assert site.play(f"2.{ADDRESS}").json()["esp_status"] is None
        break_the_table()
        try:
            failed = site.play(f"3.{ADDRESS}")
        finally:
            mend_the_table()
        assert failed.status_code == 500
        wait_for(lambda: '"IntegrityError"' in sentry.text())
        metrics = requests.get(f"{site.site}/metrics", timeout=9).text

    assert_silent(site, metrics, sentry.text())
    trace = next(line["exception"] for line in site.lines() if "exception" in line)
    assert "IntegrityError" in trace
    assert "in record_play" in trace
    assert failed.headers["X-Request-ID"] in sentry.text()
    statuses = [line["status"] for line in site.lines("request")]
    assert statuses == [200, 200, 400, 404, 200, 500]


@pytest.mark.process
def test_accounts_name_nobody_either(
    transactional_db: None, tmp_path: Path, sentry: FakeSentry
) -> None:
    person = {"login": ADDRESS, "email": ADDRESS, "password": KEY, "password1": KEY}
    # There is no mail server on this port: the failure to send is logged.
    environment = {"SENTRY_DSN": sentry.dsn, "EMAIL_URL": "smtp://127.0.0.1:9"}
    (tmp_path / "no_manifest.py").write_text(
        "from esp_mail.settings import *\nSTORAGES['staticfiles']['BACKEND'] = "
        "'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
    )
    environment |= {"DJANGO_SETTINGS_MODULE": "no_manifest", "PYTHONPATH": str(tmp_path)}
    with deployment(tmp_path, LOG_LEVEL="DEBUG", **environment) as site:
        for page in ("login", "signup", "password/reset"):
            url = f"{site.site}/accounts/{page}/?next=/{ADDRESS}"
            with requests.Session() as browser:
                token = re.findall(
                    r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(url).text
                )
                sent = person | {"csrfmiddlewaretoken": token[0]}
                assert browser.post(url, sent, allow_redirects=False).status_code in (200, 302)
                refused = browser.post(url, person, headers={"Referer": f"https://{ADDRESS}/"})
                assert refused.status_code == 403
        app = f"{site.site}/api/auth/app/v1/auth/login"
        assert requests.post(app, json=person, timeout=9).status_code == 401
        odd_host = {"Host": "canary.person%40canary.example"}
        assert requests.get(site.site, headers=odd_host, timeout=9).status_code == 400
        unknown = {"Idempotency-Key": f"{ADDRESS}" * 10}
        assert site.play("cem@test.ru", **unknown).status_code == 400
        assert site.play("cem@test.ru", **{"Idempotency-Key": KEY}).status_code == 200
        metrics = requests.get(f"{site.site}/metrics", timeout=9).text
    assert_silent(site, metrics, sentry.text())
    events = [line["event"] for line in site.lines()]
    assert any(event.startswith("mail not sent") for event in events)
    assert not any(
        event.startswith(("Bad Request", "Not Found", "Unauthorized")) for event in events
    )


@pytest.mark.process
def test_one_id_from_the_proxy_to_delivery(
    transactional_db: None, tmp_path: Path, brevo: FakeBrevo
) -> None:
    brevo.mode = "down"
    with deployment(tmp_path, **brevo_options(brevo)) as site:
        response = site.play(ADDRESS, **{"X-Request-ID": REQUEST_ID})
        assert response.headers["X-Request-ID"] == REQUEST_ID
        brevo.mode = "ok"
        deliver_now(Game.objects.all())
        delivery_process = site.run("manage", "deliver_contacts")
        wait_for(lambda: "contact added" in site.log)
        delivery_process.terminate()
        delivery_process.wait(30)
    web, delivery = site.lines("request")[-1], site.lines("contact added")[-1]
    assert web["request_id"] == delivery["request_id"] == REQUEST_ID
    assert web["address_hash"] == delivery["address_hash"]
    assert (web["method"], web["route"], web["status"]) == ("POST", "api/verification_mail/?$", 200)


@pytest.mark.parametrize("stated", ["short", "a" * 65, "with spaces in it", 'quo"te-and-more'])
def test_odd_request_id_is_replaced(client: Any, db: None, stated: str) -> None:
    answered = client.get("/favicon.ico", headers={"X-Request-ID": stated})["X-Request-ID"]
    assert len(answered) == 32
    assert answered.isalnum()


def test_address_hash_follows_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    given, read = StringIO(), StringIO()
    call_command("address_hash", " Cem@Test.RU ", stdout=given)
    monkeypatch.setattr(sys, "stdin", StringIO("cem@test.ru\n"))
    call_command("address_hash", "-", stdout=read)
    assert given.getvalue() == read.getvalue() == keyed_hash("cem@test.ru") + "\n"
    with pytest.raises(CommandError, match=r"An email address has an"):
        call_command("address_hash", "cem")


def test_keyed_hash_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    one = keyed_hash("cem@test.ru")
    monkeypatch.setattr(settings, "PRIVACY_KEY", "another")
    assert keyed_hash("cem@test.ru") != one
    assert len(one) == 32


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Key (email)=(a.b+c@x.ru) already exists", "Key (email)=([address]) already exists"),
        ("/o'brien=x%40x.ru/next", "[address]"),
        ('<cem@test.ru>, "x"@y', '<[address]>, "x"@y'),
        ("nobody @ home", "nobody @ home"),
        ("GET /a@x.ru?q=b@y.ru&c=@@d HTTP", "GET [address] HTTP"),
        ("canary@@bad", "[address]"),
        ("пётр@пример.рф", "[address]"),
    ],
)
def test_scrub(text: str, scrubbed: str) -> None:
    assert scrub({text: [text, 1]}) == {scrubbed: [scrubbed, 1]}


def test_long_text_is_scrubbed_at_once() -> None:
    """Quadratic, this would take hours."""
    assert scrub("a" * 5_000_000) == "a" * 5_000_000


def formatted(**values: Any) -> dict[str, Any]:
    handler = logging.Handler()
    logging_config = configuration("INFO", plain=False)["formatters"]["json"]
    factory = logging_config.pop("()")
    handler.setFormatter(factory(**logging_config))
    record = logging.LogRecord("x", logging.ERROR, "f", 1, values.pop("msg"), None, **values)
    told: dict[str, Any] = json.loads(handler.format(record))
    return told


def test_line_names_no_address() -> None:
    told = formatted(msg=f"lost {ADDRESS}", exc_info=None)
    assert (told["event"], told["level"], told["logger"]) == ("lost [address]", "error", "x")


def refuse() -> None:
    raise IntegrityError(f"Key (email)=({ADDRESS})")


def lose(*, openly: bool) -> None:
    try:
        refuse()
    except IntegrityError as error:
        raise ValueError(f"no {ADDRESS}") from error if openly else None


def test_exception_is_told_with_its_causes_and_without_rows() -> None:
    try:
        lose(openly=True)
    except ValueError:
        told = formatted(msg="failed", exc_info=sys.exc_info())["exception"]
    assert "canary" not in told
    assert "django.db.utils.IntegrityError\n" in told
    assert told.endswith("ValueError: no [address]")


def test_suppressed_cause_is_not_told() -> None:
    with pytest.raises(ValueError, match="no ") as raised:
        lose(openly=False)
    assert "IntegrityError" not in format_exception(raised.value)


@pytest.mark.parametrize("wanted", [True, False])
def test_request_is_one_line(client: Any, settings: Any, capsys: Any, wanted: bool) -> None:
    settings.LOG_REQUESTS = wanted
    client.get(f"/{ADDRESS}", headers={"X-Request-ID": REQUEST_ID})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["status"], line["request_id"]) for line in lines] == [(404, REQUEST_ID)] * wanted
