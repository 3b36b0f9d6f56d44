"""Sends one HTTP request in time, and raises the error that a missing answer means."""

import logging
import ssl
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

import requests
from requests import PreparedRequest, Session
from urllib3.exceptions import HTTPError

from esp.backends.answer import CUT_OFF, MAX_BODY, Answer, decompress, parse_json
from esp.backends.connection import bounded_session
from esp.deadline import remaining, time_budget
from esp.errors import ESPError, ESPMisconfigured, ESPUnavailable, RateLimited
from esp.turns import take_turn

# Below ERROR, urllib3 logs URLs, which contain addresses.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class ClosedConnection(ESPUnavailable):
    """The server closed the connection before it answered, as it may do with an idle one."""


@dataclass(kw_only=True, eq=False, repr=False)
class Transport:
    """Requests with the vendor's key. `timeout`: total seconds of one call."""

    timeout: float = 5.0

    vendor: ClassVar[str]

    def __post_init__(self) -> None:
        self._local = threading.local()

    def key_headers(self) -> dict[str, str]:
        """Return the headers of every request, with the key."""
        return {}

    def limited(self, reason: str, retry_after: float | None = None) -> RateLimited:
        return RateLimited(f"{self.vendor} {reason}", retry_after=retry_after)

    def unavailable(
        self, reason: str, retry_after: float | None = None, *, answered: bool = False
    ) -> ESPUnavailable:
        return ESPUnavailable(f"{self.vendor} {reason}", retry_after=retry_after, answered=answered)

    def misconfigured(self, reason: str) -> ESPMisconfigured:
        return ESPMisconfigured(f"{self.vendor} {reason}")

    def ask(self, method: str, url: str, content: dict[str, Any]) -> Answer:
        """Ask once; a look-up again if the server had closed the connection before it answered."""
        take_turn()
        with time_budget(self.timeout):
            try:
                return self._exchange(method, url, content)
            except ClosedConnection:
                if method != "GET":
                    raise
            take_turn()
            return self._exchange(method, url, content)

    def _exchange(self, method: str, url: str, content: dict[str, Any]) -> Answer:
        left = remaining(self.timeout)
        if not left:
            raise self.unavailable("was not asked: no time left")
        try:
            with self._session().request(
                method, url, timeout=left, stream=True, allow_redirects=False, **content
            ) as response:
                body = response.raw.read(MAX_BODY + 1, decode_content=False)
                if response.raw.length_remaining:  # a part of it may be valid JSON
                    body = CUT_OFF
                body = decompress(body, response.headers.get("Content-Encoding", ""), MAX_BODY + 1)
                return Answer(response.status_code, response.headers, parse_json(body, MAX_BODY))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = self._no_answer(error)
        # Raised outside the handler: a chained cause would contain the URL, and so the address.
        raise failure

    def _session(self) -> Session:
        """Return this thread's session: requests does not promise that threads may share one."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = bounded_session()
            # The environment's proxy and CA bundle apply: operators behind a firewall need them.
            # Its netrc does not, since every request has its own auth.
            session.auth = self._authorise
        return session

    def _authorise(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self.key_headers())
        return request

    def _no_answer(self, error: Exception) -> ESPError:
        """Return the error for a request that got no answer."""
        if isinstance(error, ValueError):  # of requests, http.client or an encoding
            return self.misconfigured("cannot be asked: the key or base_url is malformed")
        if _caused_by(error, ssl.SSLCertVerificationError):
            # An operator must repair the CA bundle, the clock or an intercepting proxy.
            return self.misconfigured("has no certificate that this machine trusts")
        if _caused_by(error, TimeoutError):
            return self.unavailable("did not answer in time")
        reason = "could not be reached, or broke off"
        if _caused_by(error, ConnectionResetError):  # also http.client's RemoteDisconnected
            return ClosedConnection(f"{self.vendor} {reason}")
        return self.unavailable(reason)


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None
