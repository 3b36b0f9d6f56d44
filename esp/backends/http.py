"""What the HTTP vendors share: one way to call, to bound a call and to name what went wrong."""

import logging
import ssl
import threading
from base64 import b64encode
from collections.abc import Collection, Iterator
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import requests
from django.core.checks import CheckMessage
from requests import PreparedRequest, Session
from urllib3.exceptions import HTTPError

from esp import VERSION
from esp.backends.answer import Answer, parse_json
from esp.backends.connection import BoundedAdapter
from esp.backends.options import check_key, check_list_id, check_timeout, check_url
from esp.deadline import remaining, time_budget
from esp.errors import ESPError, ESPMisconfigured, ESPUnavailable

LARGEST_BODY = 1_000_000
TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
BAD_REQUEST = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
UNKNOWN = BAD_REQUEST | {HTTPStatus.NOT_FOUND}

# Below that it logs URLs, in which addresses stand (at WARNING, those with unreadable headers).
logging.getLogger("urllib3").setLevel(logging.ERROR)


class HTTPBackend:
    """An ESP spoken to over HTTP.

    `api_key`: the vendor's key.
    `list_id`: the list (audience) to which contacts are added.
    `base_url`: where the API is, for a self-hosted server, a proxy or a test.
    `timeout`: seconds that one call may take in all; a `time_budget` can only shorten it.
    """

    vendor: str
    default_url = ""
    list_path: str
    numeric_list = False
    retry_headers: tuple[str, ...] = ("Retry-After",)

    def __init__(
        self, *, api_key: str, list_id: str | int, base_url: str = "", timeout: float = 5.0
    ) -> None:
        self.api_key = api_key
        self.list_id = str(list_id)
        self.base_url = (base_url or self.default_url).rstrip("/")
        self.timeout = timeout
        self._local = threading.local()

    def check(self) -> Iterator[CheckMessage]:
        """Say what is wrong with the options, without asking the ESP and without the key."""
        yield from check_key(self.api_key)
        yield from check_list_id(self.list_id, numeric=self.numeric_list)
        yield from check_url(self.base_url)
        yield from check_timeout(self.timeout)

    def check_list(self) -> None:
        """Raise ESPMisconfigured where the ESP has no such list."""
        path = self.list_path.format(quote(self.list_id, safe=""))
        if self.send("GET", path, handles=UNKNOWN).status in UNKNOWN:
            raise self.misconfigured("does not know the list")

    def list_number(self) -> int:
        """Return the list's number, for vendors whose JSON wants no string."""
        if not self.list_id.isdecimal():
            raise self.misconfigured("numbers its lists, and list_id is no number")
        return int(self.list_id)

    def key_headers(self) -> dict[str, str]:
        """Return the headers that carry the key, and what else the vendor wants on each call."""
        return {}

    def send(
        self, method: str, path: str, *, handles: Collection[int] = (), **content: Any
    ) -> Answer:
        """Return the answer if it is a success, or its status one that the caller handles.

        Everything else is raised as one of `esp.errors`. `content` is what requests takes:
        `params`, `json`, `data`, `headers`.
        """
        with time_budget(self.timeout):
            answer = self._exchange(method, f"{self.base_url}/{path}", content)
        if answer.status in handles or (
            answer.status < HTTPStatus.MULTIPLE_CHOICES and answer.content is not None
        ):
            return answer
        raise self.failure(answer)

    def failure(self, answer: Answer) -> ESPError:
        """Name what an answer means that no vendor's rule knows.

        A bad request is called temporary: it may be one odd address, which must not stop the
        others, or our own mistake, which must not lose contacts. Only a vendor's file rejects.
        """
        status = answer.status
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return self.unavailable("answered something other than its API's JSON")
        reason = f"answered {status}{answer.code()}"
        if status in TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.unavailable(reason, answer.retry_after(*self.retry_headers))
        if status in BAD_REQUEST:
            return self.unavailable(
                f"{reason}, which this program does not understand", answered=True
            )
        # A redirect too: an API has none, so base_url is wrong, and the key goes to no other host.
        return self.misconfigured(f"{reason}: check the key, list_id and base_url")

    def unavailable(
        self, reason: str, retry_after: float | None = None, *, answered: bool = False
    ) -> ESPUnavailable:
        return ESPUnavailable(f"{self.vendor} {reason}", retry_after=retry_after, answered=answered)

    def misconfigured(self, reason: str) -> ESPMisconfigured:
        return ESPMisconfigured(f"{self.vendor} {reason}")

    def _exchange(self, method: str, url: str, content: dict[str, Any]) -> Answer:
        # Raised outside the handlers: the causes' texts carry URLs, hence addresses.
        failure: ESPError
        try:
            left = remaining(self.timeout)
            if not left:
                failure = self.unavailable("was not asked: no time left")
            else:
                return self._receive(method, url, content, left)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = self._failed(error)
        raise failure

    def _receive(self, method: str, url: str, content: dict[str, Any], left: float) -> Answer:
        with self._session().request(
            method, url, timeout=left, stream=True, allow_redirects=False, **content
        ) as response:
            # As it comes: we ask for no compression, so that a small answer stays small.
            body = response.raw.read(LARGEST_BODY + 1, decode_content=False)
            parsed = parse_json(body) if len(body) <= LARGEST_BODY else None
            return Answer(response.status_code, response.headers, parsed)

    def _session(self) -> Session:
        # One a thread: requests does not promise that a session may be shared. Server threads and
        # delivery live long, so their connections are kept alive and reused.
        if not hasattr(self._local, "session"):
            self._local.session = self._new_session()
        session: Session = self._local.session
        return session

    def _new_session(self) -> Session:
        session = Session()
        session.headers.update(
            {
                "User-Agent": f"esp-mail/{VERSION}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            }
        )
        # The environment's proxy and CA bundle are heeded (trust_env stays on), since operators
        # behind a firewall need them; its netrc is not, because every request has its own auth.
        session.auth = self._authorise
        # What an ESP says about one contact must not travel with the next.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter())
        return session

    def _authorise(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self.key_headers())
        return request

    def _failed(self, error: Exception) -> ESPError:
        """Name what kept a request from its answer."""
        if isinstance(error, ValueError):  # of requests, http.client or an encoding
            return self.misconfigured("cannot be asked: the key or base_url is malformed")
        if _caused_by(error, ssl.SSLCertVerificationError):
            # Rarely mends itself: a CA bundle, a clock or somebody in between.
            return self.misconfigured("has no certificate that this machine trusts")
        if _caused_by(error, TimeoutError):
            return self.unavailable("did not answer in time")
        return self.unavailable("could not be reached, or broke off")


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None
