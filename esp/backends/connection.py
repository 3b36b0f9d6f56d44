"""HTTP connections that end within the time budget of `esp.deadline`.

A socket's timeout applies to one operation. A server that sends one byte a second never exceeds it,
and a host with five dead IP addresses takes five timeouts. Here every connection attempt and every
read gets only the rest of the budget. Python cannot limit the look-up of the host's name; the
resolver's options can (`options timeout:1 attempts:2`).

It overrides parts of urllib3 that have no public hook, so pyproject.toml pins urllib3 below 3.
"""

import io
import socket
import ssl
from functools import cache
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
from requests import Response, Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

from esp.deadline import remaining
from serving.version import VERSION

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def seconds_left() -> float:
    """Return the seconds left of the budget; raise TimeoutError if there are none."""
    if left := remaining(default=0.0):
        return left
    raise TimeoutError("the time budget is spent")


class BoundedReader(io.RawIOBase):
    """Reads a socket; each read has the rest of the budget as its timeout."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._sock.settimeout(seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(BoundedReader(sock, self.fp.detach()))


class BoundedHTTPConnection(HTTPConnection):
    response_class = BoundedResponse

    def _new_conn(self) -> socket.socket:
        """Connect to the first IP address of the host that answers within the budget."""
        failure: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self._dns_host.strip("[]"), self.port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(seconds_left())
                sock.connect(address)
                sock.settimeout(seconds_left())  # for the TLS handshake
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise NewConnectionError(self, "no address of the host answered") from failure


class BoundedHTTPSConnection(BoundedHTTPConnection, HTTPSConnection):
    pass


class BoundedHTTPPool(HTTPConnectionPool):
    ConnectionCls = BoundedHTTPConnection


class BoundedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = BoundedHTTPSConnection


def _bound(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": BoundedHTTPPool, "https": BoundedHTTPSPool}
    return manager


@cache
def trusting(bundle: str) -> ssl.SSLContext:
    """Return a TLS context that trusts a bundle: reading one takes 85 ms, so it is read once."""
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)


class BoundedAdapter(HTTPAdapter):
    """The transport adapter for requests, with and without a proxy."""

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)
        options: dict[str, Any] = {**tls}
        bundle = options.pop("ca_certs", None) or options.pop("ca_cert_dir", certifi.where())
        return host, options | {"ssl_context": trusting(bundle)}

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Leave the connection as it is: its TLS context has the certificates already."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _bound(super().proxy_manager_for(*args, **kwargs))


class DirectSession(Session):
    """A session that takes a redirect for an answer, whatever its Location is."""

    def get_redirect_target(self, resp: Response) -> None:
        return None


def bounded_session() -> Session:
    """Return a session of requests that observes the budget and keeps no cookies."""
    session = DirectSession()
    session.headers.update(
        {
            "User-Agent": f"esp-mail/{VERSION}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
    )
    # No cookies: the answer for one contact must not affect the next.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter())
    return session
