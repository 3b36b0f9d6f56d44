import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, NamedTuple

from django.core.checks import CheckMessage, Error

from esp import VERSION
from esp.backends.options import check_list_id, check_timeout, check_url
from esp.deadline import remaining, time_budget
from esp.errors import ContactRejected, ESPError, ESPMisconfigured, ESPUnavailable

# At DEBUG it logs whole requests.
logging.getLogger("botocore").setLevel(logging.INFO)

OPERATORS_BUSINESS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}

READS = {"get_contact", "get_contact_list"}


class Refusal(NamedTuple):
    """What AWS said instead of yes. The message may hold the address: it stays here."""

    status: int
    code: str
    message: str


class SESBackend:
    """A contact list of Amazon SES, https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html.

    Needs the extra `ses` (boto3). Credentials come the AWS way: environment, profile or role.

    `list_name`: the contact list, of which an account has one.
    `region`: the AWS region; by default the environment's.
    `base_url`: another endpoint, for a test.
    `timeout`: seconds that one call may take in all; a `time_budget` can only shorten it.

    A contact is one of the list, also with UnsubscribeAll; creating it never changes one that is.
    """

    def __init__(
        self, *, list_name: str, region: str = "", base_url: str = "", timeout: float = 5.0
    ) -> None:
        self.list_name = list_name
        self.region = region
        self.base_url = base_url
        self.timeout = timeout
        self._lock = threading.Lock()
        self._made: Any = None
        # botocore's timeouts are fixed when a client is made, and are for one operation each. So
        # a call runs aside and is waited for as long as the budget lasts; what is left behind ends
        # by botocore's own timeouts.
        self._aside = ThreadPoolExecutor(max_workers=16, thread_name_prefix="ses")

    def check(self) -> Iterator[CheckMessage]:
        """Say what is wrong with the options, without asking AWS."""
        if find_spec("boto3") is None:
            yield Error("boto3 is not installed.", hint="Install esp-mail[ses].", id="esp.E009")
        yield from check_list_id(self.list_name, numeric=False, option="list_name")
        yield from check_timeout(self.timeout)
        if self.base_url:
            yield from check_url(self.base_url)

    def check_list(self) -> None:
        """Raise ESPMisconfigured where the account has no such list."""
        if refusal := self._call("get_contact_list"):
            raise _failure(refusal)

    def has_contact(self, email: str) -> bool:
        refusal = self._call("get_contact", EmailAddress=email)
        # A list that is not there is NotFoundException too.
        if refusal and (refusal.code != "NotFoundException" or _is_about_list(refusal)):
            raise _failure(refusal)
        return refusal is None

    def add_contact(self, email: str) -> None:
        refusal = self._call("create_contact", EmailAddress=email)
        if refusal is None or refusal.code == "AlreadyExistsException":
            return
        if refusal.code == "BadRequestException" and "email" in refusal.message.lower():
            raise ContactRejected("SES calls the address invalid")
        raise _failure(refusal)

    def remove_contact(self, email: str) -> None:
        refusal = self._call("delete_contact", EmailAddress=email)
        if refusal and (refusal.code != "NotFoundException" or _is_about_list(refusal)):
            raise _failure(refusal)

    def _call(self, operation: str, **parameters: str) -> Refusal | None:
        with time_budget(self.timeout):
            left = remaining(self.timeout)
            if not left:
                raise ESPUnavailable("SES was not asked: no time left")
            answer = self._aside.submit(self._ask, operation, parameters)
            # Not by an exception of the wait, to which the call's own would be chained.
            if wait([answer], left).not_done:
                answer.cancel()
                raise ESPUnavailable("SES did not answer in time")
        result = answer.result()
        if isinstance(result, ESPError):
            raise result
        return result

    def _ask(self, operation: str, parameters: dict[str, str]) -> Refusal | ESPError | None:
        """Return what came of the call; botocore's errors go no further, as they hold addresses."""
        try:
            from botocore import exceptions, parsers  # noqa: PLC0415 - an optional extra
        except ImportError:
            return ESPMisconfigured("SES needs boto3: install esp-mail[ses]")
        try:
            ask = getattr(self._client(), operation)
            answer = ask(ContactListName=self.list_name, **parameters)
        except exceptions.ClientError as error:
            said = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return Refusal(status, str(said.get("Code", "")), str(said.get("Message", "")))
        except (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.NoRegionError,
            exceptions.InvalidRegionError,
            exceptions.ProfileNotFound,
            exceptions.ParamValidationError,
            ValueError,
        ) as error:
            return ESPMisconfigured(f"SES cannot be asked: {type(error).__name__}")
        except (exceptions.BotoCoreError, parsers.ResponseParserError) as error:
            return ESPUnavailable(f"SES could not be asked: {type(error).__name__}")
        # botocore takes any body for an answer; only those of changes are empty.
        if operation in READS and answer.get("ContactListName") is None:
            return ESPUnavailable("SES answered something other than its API's JSON")
        return None

    def _client(self) -> Any:
        import boto3  # noqa: PLC0415 - an optional extra
        from botocore.config import Config  # noqa: PLC0415

        # A client may be shared by threads, but not made by several at once.
        with self._lock:
            if self._made is None:
                self._made = boto3.session.Session().client(
                    "sesv2",
                    region_name=self.region or None,
                    endpoint_url=self.base_url or None,
                    config=Config(
                        connect_timeout=self.timeout,
                        read_timeout=self.timeout,
                        retries={"total_max_attempts": 1},  # delivery tries again, not the call
                        user_agent_extra=f"esp-mail/{VERSION}",
                    ),
                )
            return self._made


def _is_about_list(refusal: Refusal) -> bool:
    return bool(re.match(r"(contact )?list\s", refusal.message.lower()))


def _failure(refusal: Refusal) -> ESPError:
    if refusal.code in {"TooManyRequestsException", "ThrottlingException"}:
        return ESPUnavailable("SES asks for fewer calls")
    if refusal.code in OPERATORS_BUSINESS or refusal.status in {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
    }:
        return ESPMisconfigured("SES refuses the credentials: check them and their rights")
    if refusal.code == "NotFoundException":
        return ESPMisconfigured("SES does not know the contact list")
    return ESPUnavailable(f"SES answered {refusal.status}")
