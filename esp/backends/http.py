"""The base of the HTTP backends: what their answers mean, and the checks of their settings."""

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

from django.core.checks import CheckMessage

from esp.backends.answer import LONGEST_WAIT, Answer, seconds_from
from esp.backends.options import check_extras, check_key, check_list_id, check_timeout, check_url
from esp.backends.transport import Transport
from esp.errors import ESPError, ESPMisconfigured, ESPUnavailable, RateLimited
from esp.turns import wait_for_limit

CLOCKS_AGREE = 60.0  # seconds
LIMITED_TRIES = 2  # further tries of a call that met the limit
TEMPORARY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
REFUSED = {HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
BAD_REQUEST = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
UNKNOWN = BAD_REQUEST | {HTTPStatus.NOT_FOUND}


@dataclass(kw_only=True, eq=False, repr=False)
class HTTPBackend(Transport):
    """An ESP with an HTTP API. A subclass adds what is special about the vendor.

    `failure()` alone decides what the vendor's error answers mean.

    `api_key`: the vendor's key.
    `list_id`: the list (audience) to which contacts are added.
    `base_url`: where the API is, for a self-hosted server, a proxy or a test.
    `timeout`: total seconds for one call; a `time_budget` can only shorten it.
    `tags`: what each new contact is tagged with.
    `double_optin`: let the vendor ask each new contact for a confirmation by mail.
    """

    api_key: str
    list_id: str  # or a number
    base_url: str = ""
    tags: Sequence[str] = ()
    double_optin: bool = False

    default_url = ""
    list_path = ""
    list_params: ClassVar[Mapping[str, str]] = {}
    list_answer: ClassVar[tuple[str, ...]] = ("id",)  # what an answer about a list has
    numeric_list = False
    error_path: ClassVar[tuple[str | int, ...]] = ()  # where the vendor's errors say why
    retry_headers: ClassVar[tuple[str, ...]] = ("Retry-After",)
    calls_per_second = 50.0  # the vendor's limit on calls, where it has one
    right_probes: ClassVar[Sequence[tuple[str, str, Any]]] = ()

    # Fields that ESP_FIELDS must not name: our own, and those by which the vendor tells contacts
    # apart. A visitor's text there could lead to another person's contact.
    identifiers: ClassVar[Collection[str]] = ()

    # Why the vendor cannot do what an option asks for, if so.
    no_tags = ""
    no_double_optin = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.list_id = str(self.list_id)
        self.base_url = (self.base_url or self.own_url()).rstrip("/")
        self.our_list_path = self.list_path.format(quote(self.list_id, safe=""))

    def own_url(self) -> str:
        """Return where the vendor's API is; "" if only the operator knows."""
        return self.default_url

    def check(self) -> Iterator[CheckMessage]:
        """Yield what is wrong with the options, without calling the ESP or quoting the key."""
        yield from check_key(self.api_key)
        yield from check_list_id(self.list_id, numeric=self.numeric_list)
        yield from check_url(self.base_url)
        yield from check_timeout(self.timeout)
        yield from check_extras(
            self.tags, self.double_optin, no_tags=self.no_tags, no_double_optin=self.no_double_optin
        )

    def check_list(self) -> Answer:
        """Return the answer about the list; raise ESPMisconfigured if the ESP does not have it."""
        answer = self.send("GET", self.our_list_path, params=self.list_params, handles=UNKNOWN)
        if answer.status in UNKNOWN:
            raise self.unknown_list()
        if answer.find(*self.list_answer) is None:
            raise self.not_its_json()
        return answer

    def notes_on(self, answer: Answer) -> Iterator[str]:
        """Yield what an operator should know of the list, from the answer about it.

        Raise an ESPError if the list does not fit the options, or the key lacks a right to it.
        """
        yield from ()

    def check_rights(self) -> Iterator[str]:
        """Yield what an operator should know; raise an ESPError if the key lacks a right.

        The requests of `right_probes` change nothing: the ESP refuses them, but only after it has
        checked the right.
        """
        answer = self.check_list()
        apart = seconds_from(answer.headers.get("Date", ""), earliest=-LONGEST_WAIT)
        if apart is not None and abs(apart) > CLOCKS_AGREE:
            yield f"Its clock and this machine's are {abs(apart):.0f} seconds apart."
        yield from self.notes_on(answer)
        for method, path, content in self.right_probes:
            self.send(method, path.format(list=self.our_list_path), json=content, handles=UNKNOWN)

    def names_in(self, answer: Answer, *path: str, key: str = "name") -> set[str]:
        """Return the names of the fields that the answer lists at `path`."""
        listed = answer.rows(*path)
        if listed is None:
            raise self.failure(answer)
        return {str(one[key]) for one in listed if key in one}

    def list_number(self) -> int:
        """Return list_id as a number, for vendors whose JSON needs one."""
        if not self.list_id.isdecimal():
            raise self.misconfigured("needs a number as list_id")
        return int(self.list_id)

    def send(
        self,
        method: str,
        path: str,
        *,
        success: int | None = None,
        handles: Collection[int] = (),
        **content: Any,
    ) -> Answer:
        """Return the answer of a successful request, or one whose status is in `handles`.

        Raise one of `esp.errors` for anything else. `success`: the only status that means success;
        by default any 2xx does. `content` are arguments of requests: `params`, `json`, `data`,
        `headers`.
        """
        tries_left = LIMITED_TRIES
        while True:
            answer = self.ask(method, f"{self.base_url}/{path}", content)
            succeeded = answer.status == success if success else answer.is_2xx
            if answer.status in handles or (succeeded and answer.content is not None):
                return answer
            error = self.failure(answer)
            limited = isinstance(error, RateLimited)
            if not (limited and tries_left and wait_for_limit(error.retry_after)):
                raise error
            tries_left -= 1

    def failure(self, answer: Answer) -> ESPError:
        """Return the error that an answer means.

        A vendor overrides this with its own rules, and calls it for all other answers. Without such
        a rule the failure concerns this contact alone and is temporary: one odd address must not
        stop the others, and a bug of ours must not lose contacts. Whether it concerns all contacts
        after all is found out by the client, which then probes the ESP. Only a vendor's rule
        rejects an address for good.
        """
        status = answer.status
        if answer.is_2xx:
            return self.not_its_json()
        reason = f"answered {status}{answer.code()}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self.limited(reason, answer.retry_after(*self.retry_headers))
        if status in TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.unavailable(reason, answer.retry_after(*self.retry_headers))
        if status in BAD_REQUEST:
            return self.unavailable(
                f"{reason}, which this program does not understand", answered=True
            )
        # A redirect too: APIs send none, so base_url is wrong. Following it could leak the key.
        reason += ": check the key, list_id and base_url"
        # A firewall before the vendor may refuse too, but does not say why as the vendor would.
        is_explained = status in REFUSED and answer.text(*self.error_path)
        if status == HTTPStatus.UNAUTHORIZED or is_explained:
            return self.misconfigured(reason)
        return self.unavailable(reason, answered=True)

    def not_its_json(self) -> ESPUnavailable:
        """Return the error for an answer that is not what the vendor documents as success."""
        return self.unavailable("answered something other than its API's JSON", answered=True)

    def unknown_list(self) -> ESPMisconfigured:
        return self.misconfigured("does not know the list")


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
