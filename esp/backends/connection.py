"""Connections that keep to the time budget, whatever the server does with its bytes.

A socket's timeout is for one operation: a server that sends a byte a second never exceeds it, nor
does a host with five dead IP addresses. Here every connection attempt and every read of the status
line, the headers and the body gets only what is left of the budget of `esp.deadline`.

The lookup of a host's name is the one thing that Python cannot bound; the resolver's own options
(`options timeout:1 attempts:2`) do.
"""

import io
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.poolmanager import PoolManager

from esp.deadline import remaining

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def seconds_left() -> float:
    """Return what is left of the budget; raise TimeoutError when nothing is."""
    if left := remaining(default=0.0):
        return left
    raise TimeoutError("the time budget is spent")


class BoundedReader(io.RawIOBase):
    """A socket's bytes, each read bounded by what is left of the budget."""

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
        """Connect to the first of the host's addresses that answers within the budget."""
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


class BoundedAdapter(HTTPAdapter):
    """What requests sends through, directly or by way of a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _bound(super().proxy_manager_for(*args, **kwargs))
