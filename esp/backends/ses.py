import json
import logging
import re
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.checks import CheckMessage, Error

from esp.backends.answer import MAX_BODY, address_of, decompress
from esp.backends.base import NO_FIELDS, AddsInOneCall, Fields
from esp.backends.options import check_list_id, check_timeout, check_url
from esp.backends.ses_errors import Refusal, failure
from esp.deadline import remaining, time_budget
from esp.errors import ESPError, ESPMisconfigured, ESPUnavailable
from esp.turns import take_turn
from serving.version import VERSION

try:
    import boto3
    from botocore import exceptions, parsers
    from botocore.config import Config
except ImportError:  # an optional extra; check() reports it
    boto3 = None

# Below WARNING, botocore logs credentials' sources, and whole requests with addresses.
logging.getLogger("botocore").setLevel(logging.WARNING)

NO_JSON = "SES answered something other than its API's JSON"
SETUP_ERRORS = {
    "InvalidRegionError",
    "NoCredentialsError",
    "NoRegionError",
    "ParamValidationError",
    "PartialCredentialsError",
    "ProfileNotFound",
}


@dataclass(kw_only=True, eq=False, repr=False)
class SESBackend(AddsInOneCall):
    """A contact list of Amazon SES, https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html.

    Needs the extra `ses` (boto3). Credentials come the AWS way: environment, profile or role.

    `list_name`: the contact list, of which an account has one.
    `region`: the AWS region; by default the environment's.
    `base_url`: another endpoint, for a test.
    `timeout`: total seconds for one call; a `time_budget` can only shorten it.

    A contact is known if the list has it, also with UnsubscribeAll. Adding never changes it. Fields
    become its AttributesData, as JSON. AWS allows one call a second: https://docs.aws.amazon.com/ses/latest/dg/quotas.html.
    """

    list_name: str
    region: str = ""
    base_url: str = ""
    timeout: float = 5.0

    calls_per_second = 1.0
    no_tags = "Amazon SES's contacts have no tags: use ESP_FIELDS"
    no_double_optin = "Amazon SES sends no confirmations: ask for MAILING_CONSENT"

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._client_or_none: Any = None
        # botocore's timeouts are fixed when a client is created, and apply to one socket operation.
        # So a call runs in a thread, and the caller waits at most as long as its budget. A call
        # that nobody waits for ends by botocore's own timeouts.
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="ses")

    def check(self) -> Iterator[CheckMessage]:
        """Yield what is wrong with the options. AWS is not called."""
        if boto3 is None:
            yield Error("boto3 is not installed.", hint="Install esp-mail[ses].", id="esp.E009")
        yield from check_list_id(self.list_name, numeric=False, option="list_name")
        yield from check_timeout(self.timeout)
        if self.base_url:
            yield from check_url(self.base_url)

    def check_list(self) -> None:
        """Raise ESPMisconfigured if the account does not have the list."""
        if refusal := self._call("get_contact_list"):
            raise failure(refusal)

    def check_rights(self) -> Iterator[str]:
        """Raise an ESPError if the credentials may not remove a contact."""
        self.check_list()
        self.remove_contact(f"{secrets.token_hex(16)}@example.com")
        yield from ()

    def has_contact(self, email: str) -> bool:
        return self._call_for("get_contact", email)

    def add_or_find(self, email: str, fields: Fields = NO_FIELDS) -> bool:
        contact = {"EmailAddress": email}
        if fields:
            contact["AttributesData"] = json.dumps(dict(fields), ensure_ascii=False)
        refusal = self._call("create_contact", **contact)
        if refusal is None:
            return False
        if refusal.code == "AlreadyExistsException":
            return True
        raise failure(refusal)

    def remove_contact(self, email: str) -> None:
        self._call_for("delete_contact", email)

    def _call_for(self, operation: str, email: str) -> bool:
        """Call an operation on a contact; return False if the list does not have the contact."""
        refusal = self._call(operation, EmailAddress=email)
        if refusal is None:
            return True
        # A missing list is a NotFoundException too.
        about_list = re.match(r"(no |the )?(contact ?)?list\s", refusal.message.lower())
        if refusal.code == "NotFoundException" and not about_list:
            return False
        raise failure(refusal)

    def _call(self, operation: str, **parameters: str) -> Refusal | None:
        if boto3 is None:
            raise ESPMisconfigured("SES needs boto3: install esp-mail[ses]")
        take_turn()
        with time_budget(self.timeout):
            left = remaining(self.timeout)
            if not left:
                raise ESPUnavailable("SES was not asked: no time left")
            answer = self._threads.submit(self._ask, operation, parameters)
            # Not result(timeout=left): its exception may be chained to botocore's.
            if wait([answer], left).not_done:
                answer.cancel()
                raise ESPUnavailable("SES did not answer in time")
        result = answer.result()
        if isinstance(result, ESPError):
            raise result
        return result

    def _ask(self, operation: str, parameters: dict[str, str]) -> Refusal | ESPError | None:
        """Return the outcome. botocore's exceptions end here, since they contain addresses."""
        try:
            ask = getattr(self._client(), operation)
            answer = ask(ContactListName=self.list_name, **parameters)
        except exceptions.ClientError as error:
            details = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return Refusal(status, str(details.get("Code", "")), str(details.get("Message", "")))
        except UnicodeDecodeError:
            return ESPUnavailable(NO_JSON, answered=True)
        except (exceptions.BotoCoreError, parsers.ResponseParserError, ValueError) as error:
            name = type(error).__name__
            if name in SETUP_ERRORS or isinstance(error, ValueError):
                return ESPMisconfigured(f"SES cannot be asked: {name}")
            return ESPUnavailable(f"SES could not be asked: {name}")
        if _is_documented(operation, answer, parameters.get("EmailAddress")):
            return None
        return ESPUnavailable(NO_JSON, answered=True)

    def _client(self) -> Any:
        # Threads may share a client. Under load they must not each create one.
        with self._lock:
            if self._client_or_none is None:
                self._client_or_none = boto3.session.Session().client(
                    "sesv2",
                    region_name=self.region or None,
                    endpoint_url=self.base_url or None,
                    config=Config(
                        connect_timeout=self.timeout,
                        read_timeout=self.timeout,
                        retries={"total_max_attempts": 1},  # delivery retries
                        user_agent_extra=f"esp-mail/{VERSION}",
                    ),
                )
                self._client_or_none.meta.events.register("before-parse.sesv2", _keep_body)
            return self._client_or_none


def _keep_body(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Keep the body, whole: botocore takes any for an answer, and decompresses none."""
    encoding = response_dict["headers"].get("Content-Encoding", "")
    body = decompress(response_dict["body"], encoding, MAX_BODY)
    response_dict["body"] = customized_response_dict["Body"] = body


def _is_documented(operation: str, answer: dict[str, Any], email: str | None) -> bool:
    """Return whether AWS documents such a success: a look-up names the list, a change nothing."""
    if answer["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.OK:
        return False
    if not operation.startswith("get_"):
        return answer["Body"].strip() in (b"", b"{}")
    about_email = email is None or address_of(answer.get("EmailAddress")) == email
    return answer.get("ContactListName") is not None and about_email
