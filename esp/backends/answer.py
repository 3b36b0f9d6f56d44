"""The response of an ESP. Its content may have any shape, so look-ups never fail."""

import json
import re
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError

from serving.addresses import normalise_address

MAX_BODY = 5_000_000  # bytes; Mailchimp answers a bulk call with 500 members of about 4 kB
CUT_OFF = b"?"  # in the place of a body that is not whole
GZIP_OR_ZLIB = 47  # for zlib: find out which header there is
NO_HEADER = -15  # for zlib: some servers send deflate so
# The word for an e-mail or its address in the languages of vendors' texts, in lower case, but not
# that for a mailing list.
EMAIL_WORD = re.compile(
    r"mail(?!ing)|адрес|имейл|імейл|почт|пошт|поща|(?<!lista de )correo|correu|courriel|électron"
    r"|posta\b|sähköposti(?!tus)|e-?post|e-bost|pošt|retpoŝt|retadres|ηλεκτρον|ταχυδρομ|דוא|מייל"
    r"|بريد|ईमेल|മെയിൽ|メール|[邮郵](?!件列表)|信箱|메일(?!링)"
)
LONGEST_WAIT = 3600.0  # seconds, the longest back-off of delivery
SECONDS = re.compile(r"\s*(-?\d{1,20}(\.\d{1,20})?)\s*s?\s*([,;]|$)", re.ASCII)
FIRST_UNIX_TIME = 1_000_000_000  # a larger "reset" is a Unix time, not a number of seconds


@dataclass(frozen=True)
class Answer:
    """The ESP's response. `content` is the parsed JSON, or None if the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def is_2xx(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def find(self, *path: str | int) -> Any:
        """Return the value at the path of keys and indexes; None if there is none."""
        found = self.content
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def text(self, *path: str | int) -> str:
        """Return the string at the path in lower case; "" if there is none."""
        found = self.find(*path)
        return found.lower() if isinstance(found, str) else ""

    def rows(self, *path: str) -> list[dict[str, Any]] | None:
        """Return the list of objects at the path; None if it is anything else."""
        found = self.find(*path)
        if isinstance(found, list) and all(isinstance(one, dict) for one in found):
            return found
        return None

    def code(self) -> str:
        """Return the vendor's error code in brackets, or "" if it does not look like a code.

        Free text is never returned, since it may contain the address or the key.
        """
        for path in (("code",), ("title",), ("errors", 0, "code")):
            if re.fullmatch(r"[a-z_ ]{1,40}", self.text(*path)):
                return f" ({self.text(*path)})"
        return ""

    def retry_after(self, *names: str) -> float | None:
        """Return the seconds to wait, from the first of these headers that is valid."""
        waits = (seconds_from(self.headers.get(name, "")) for name in names)
        return next((wait for wait in waits if wait is not None), None)


def decompress(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body; CUT_OFF if it is longer than `most` bytes or not compressed as it claims.

    We ask for no compression, but some proxies compress anyway.
    """
    if not body or encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    for form in (GZIP_OR_ZLIB, NO_HEADER):
        decoder = zlib.decompressobj(form)
        try:
            whole = decoder.decompress(body, most)
        except zlib.error:
            continue
        return whole if decoder.eof else CUT_OFF
    return CUT_OFF


def parse_json(body: bytes, most: int) -> Any:
    """Return the parsed JSON; {} for an empty body, None for a longer one or no JSON."""
    if not body:
        return {}
    if len(body) > most:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # a long row of "[" exceeds the recursion limit
        return None


def address_of(found: Any) -> str:
    """Return an answer's address, normalised as ours are; "" if there is none.

    A vendor may show it with capitals, or a domain in the letters of its language.
    """
    if not isinstance(found, str):
        return ""
    try:
        return normalise_address(found)
    except ValidationError:
        return found.lower()


def seconds_from(value: str, earliest: float = 0.0) -> float | None:
    """Return the seconds from now to `value`, up to LONGEST_WAIT; None if it is not valid.

    `value` is a number of seconds, a Unix time or an HTTP date; of several numbers the first
    counts, as in "17, 17" or "17;w=60".
    """
    if number := SECONDS.match(value):
        wait = float(number[1])
    else:
        try:
            moment = parsedate_to_datetime(value)
            wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
    if wait > FIRST_UNIX_TIME * 1000:  # in milliseconds
        wait /= 1000
    if wait > FIRST_UNIX_TIME or not number:
        wait -= time.time()
    return min(max(wait, earliest), LONGEST_WAIT)
