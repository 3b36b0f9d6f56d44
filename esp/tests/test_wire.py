"""What servers send on the wire, well-formed or not: each answer is understood or fails in time."""

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from esp.backends.brevo import BrevoBackend
from esp.backends.connection import trusting
from esp.errors import ESPUnavailable

EMAIL = "cem@test.ru"
KEY = "canary-key"
KNOWN = json.dumps({"id": 1, "email": EMAIL}).encode()


class RawServer:
    """Answers each connection with the next of `answers`, byte by byte as the test wants."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        while self.answers:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.converse(connection, self.answers.pop(0))

    def converse(self, connection: socket.socket, answer: Any) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65_536)
        self.requests.append(request)
        try:
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
        except OSError:
            pass  # the client hung up, as some answers want

    def stop(self) -> None:
        self.answers.clear()
        self.socket.close()


def http(
    status: str = "200 OK",
    body: bytes = KNOWN,
    version: str = "1.1",
    length: object = None,
    headers: int = 0,
    **more: str,
) -> bytes:
    """Return an answer; `length` is what it claims, by default the truth."""
    length = len(body) if length is None else length
    lines = [f"HTTP/{version} {status}", f"Content-Length: {length}"]
    lines += [f"X-{number}: 1" for number in range(headers)]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + end


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        gone = threading.Event()
        for _ in range(200):
            connection.sendall(b"x")
            gone.wait(0.02)

    return send


def endless(head: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(2000):
            connection.sendall(piece * 8192)

    return send


def silent(connection: socket.socket) -> None:
    connection.settimeout(5)
    connection.recv(1)  # until the client gives up


U = ESPUnavailable
# A name, what the server sends, and what a look-up comes to.
FAULTS: dict[str, tuple[Any, Any]] = {
    # well-formed, though unusual
    "plain": (http(), True),
    "http 1.0": (http(version="1.0"), True),
    "http 1.0 without a length": (b"HTTP/1.0 200 OK\r\n\r\n" + KNOWN, True),
    "no length, closed": (b"HTTP/1.1 200 OK\r\n\r\n" + KNOWN, True),
    "chunked": (chunked(KNOWN), True),
    "chunked, byte by byte": (chunked(*(bytes([byte]) for byte in KNOWN)), True),
    "chunked with trailers": (chunked(KNOWN, end=b"0\r\nX-Sum: 1\r\n\r\n"), True),
    "chunk extension": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(KNOWN), KNOWN),
        True,
    ),
    "100 continue first": (b"HTTP/1.1 100 Continue\r\n\r\n" + http(), True),
    "gzip uninvited": (http(body=gzip.compress(KNOWN), Content_Encoding="gzip"), True),
    "deflate uninvited": (http(body=zlib.compress(KNOWN), Content_Encoding="deflate"), True),
    "deflate without a header": (
        http(body=zlib.compress(KNOWN, wbits=-15), Content_Encoding="deflate"),
        True,
    ),
    "gzip in capitals": (http(body=gzip.compress(KNOWN), Content_Encoding=" GZIP "), True),
    "same length twice": (http(Content_length=str(len(KNOWN))), True),
    "header folded": (http(X_Long="a\r\n b"), True),
    "200 headers": (http(headers=50), True),
    "latin-1 header": (http(X_Name="\xe9"), True),
    "bom before the json": (http(body=b"\xef\xbb\xbf" + KNOWN), True),
    "other letters of the address": (http(body=KNOWN.replace(b"cem@", b"Cem@")), True),
    "not found": (http("404 Not Found", b'{"code": "document_not_found"}'), False),
    # no answer
    "reset": (reset, U),
    "closed": (b"", U),
    "silent": (silent, U),
    "half a status line": (b"HTTP/1.1 20", U),
    "half a header": (b"HTTP/1.1 200 OK\r\nConte", U),
    "headers without an end": (b"HTTP/1.1 200 OK\r\nA: b\r\n", U),
    "half a body": (http(length=1000), U),
    "chunked, cut off": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", U),
    "chunk size that is none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + KNOWN,
        U,
    ),
    "drip in the status": (drip(b"HTTP/1.1 2"), U),
    "drip in a header": (drip(b"HTTP/1.1 200 OK\r\nA: "), U),
    "drip in the body": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), U),
    "100 continue for ever": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), U),
    # not HTTP, not its API
    "ssh": (b"SSH-2.0-OpenSSH_9.6\r\n", U),
    "garbage": (bytes(range(256)), U),
    "http 2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", U),
    "tls alert": (b"\x15\x03\x01\x00\x02\x02\x46", U),
    "html": (http(body=b"<h1>Sign in to this network</h1>"), U),
    "html as json": (http(body=b"<h1>Hi</h1>", Content_Type="application/json"), U),
    "empty": (http(body=b""), U),
    "null": (http(body=b"null"), U),
    "list": (http(body=b"[1]"), U),
    "string": (http(body=b'"x"'), U),
    "number": (http(body=b"1e999"), U),
    "deep": (http(body=b"[" * 100_000), U),
    "huge number": (http(body=b'{"id": ' + b"9" * 5000 + b"}"), U),
    "utf-16": (http(body=KNOWN.decode().encode("utf-16")[:-1]), U),
    "bytes that are no text": (http(body=b"\xff\xfe\xfd"), U),
    "no address": (http(body=b'{"id": 1}'), U),
    "another person": (http(body=KNOWN.replace(b"cem@", b"eva@")), U),
    "gzip that is none": (http(Content_Encoding="gzip"), U),
    "gzip cut off": (http(body=gzip.compress(KNOWN)[:-12], Content_Encoding="gzip"), U),
    "gzip without its sum": (http(body=gzip.compress(KNOWN)[:-8], Content_Encoding="gzip"), U),
    "gzip twice": (
        http(body=gzip.compress(gzip.compress(KNOWN)), Content_Encoding="gzip, gzip"),
        U,
    ),
    "gzip bomb": (http(body=gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), U),
    "brotli": (http(body=b"\x8b\x02\x80", Content_Encoding="br"), U),
    "50 MB": (endless(b'HTTP/1.1 200 OK\r\n\r\n{"id": "', b"x"), U),
    "50 MB of chunks": (
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n1\r\n"),
        U,
    ),
    "100 kB header": (http(X="a" * 100_000), U),
    "a thousand headers": (http(headers=1000), U),
    "no header": (b"HTTP/1.1 404 Not Found\r\nX: 1\r\nthis is none\r\n\r\n{}", U),
    "negative length": (http(length=-1), True),
    "length that is none": (http(length="many"), True),
    # refusals
    "moved": (http("301 Moved", b"", Location="http://127.0.0.1:1/"), U),
    "found": (http("302 Found", b"", Location="http://127.0.0.1:1/"), U),
    "temporary redirect": (http("307 Redirect", b"", Location="http://127.0.0.1:1/"), U),
    "moved to no url": (http("302 Found", b"", Location="http://["), U),
    "moved to bytes that are no text": (http("302 Found", b"", Location="/\xe9"), U),
    "not modified": (http("304 Not Modified", b""), U),
    "no content": (http("204 No Content", b""), U),
    "firewall": (http("403 Forbidden", b"<h1>Blocked</h1>"), U),
    "teapot": (http("418 Teapot", b""), U),
    "server error": (http("500 Error", b"<h1>Error</h1>"), U),
    "status 999": (http("999 Denied", b""), U),
    "status 0": (http("000 None", b""), U),
    "status of letters": (http("abc OK", b""), U),
}


@pytest.fixture
def serving() -> Iterator[Callable[..., BrevoBackend]]:
    servers: list[RawServer] = []

    def start(*answers: Any, timeout: float = 0.6) -> Any:
        server = RawServer(list(answers))
        servers.append(server)
        backend = BrevoBackend(api_key=KEY, list_id="7", base_url=server.url, timeout=timeout)
        backend.server = server  # type: ignore[attr-defined]
        return backend

    yield start
    for server in servers:
        server.stop()


@pytest.mark.parametrize("method", ["has_contact", "add_contact", "remove_contact"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_answer_is_understood_or_fails_without_a_word_of_the_address(
    serving: Callable[..., Any], all_logs: pytest.LogCaptureFixture, fault: str, method: str
) -> None:
    sent, known = FAULTS[fault]
    backend = serving(sent, sent)
    # A removal may be told that there is no such contact, or be answered 204.
    done = method == "remove_contact" and fault in {"not found", "no content"}
    if done or (method == "has_contact" and known is not U):
        assert getattr(backend, method)(EMAIL) is (None if done else known)
    else:
        with pytest.raises(ESPUnavailable) as caught:
            getattr(backend, method)(EMAIL)
        assert EMAIL not in str(caught.value)
        assert KEY not in str(caught.value)
        assert caught.value.__cause__ is None
    assert EMAIL not in all_logs.text
    assert KEY not in all_logs.text


def test_early_hints_are_no_answer(serving: Callable[..., Any]) -> None:
    """Python's http.client takes a 103 for the answer; it is never taken for a success."""
    backend = serving(*[b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + http()] * 2)
    with pytest.raises(ESPUnavailable):
        backend.has_contact(EMAIL)


@pytest.mark.parametrize("end", [reset, b""])
def test_a_look_up_on_a_closed_connection_is_asked_once_more(
    serving: Callable[..., Any], end: Any
) -> None:
    backend = serving(end, http())
    assert backend.has_contact(EMAIL) is True
    assert len(backend.server.requests) == 2


def test_an_addition_is_not_asked_twice(serving: Callable[..., Any]) -> None:
    backend = serving(reset, http("201 Created", b'{"id": 1}'))
    with pytest.raises(ESPUnavailable):
        backend.add_contact(EMAIL)
    assert len(backend.server.requests) == 1


def test_certificates_are_read_once(tmp_path: Any) -> None:
    import certifi  # noqa: PLC0415

    assert trusting(certifi.where()) is trusting(certifi.where())
    assert trusting(str(tmp_path)).get_ca_certs() == []
