"""The rows of a file as known addresses; what makes no sense is left out, and reported."""

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from games.models import MAX_PLAYS
from importing.values import DayOrder, NoDate, TwoDates, parse_count, parse_moment
from privacy.models import Erasure
from serving.addresses import normalise_address
from serving.keyed_hash import keyed_hash

EXAMPLES = 10  # rows shown of each kind
MAX_ERRORS = 50_000  # rows left out that are kept, with their reasons
SHOWN = 40  # characters of a wrong value
Label = int | str
# Plays, first and last play: an address of a file must not take 0.3 kB.
PACKED = struct.Struct("<Hdd")


class KnownAddress(NamedTuple):
    email: str
    plays: int
    first_play: datetime
    last_play: datetime

    def pack(self) -> bytes:
        return PACKED.pack(self.plays, self.first_play.timestamp(), self.last_play.timestamp())

    @classmethod
    def unpack(cls, email: str, data: bytes) -> Self:
        plays, first, last = PACKED.unpack(data)
        return cls(
            email, plays, datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
        )


@dataclass
class ImportReport:
    """What an import did, or would do."""

    new: int = 0
    raised: int = 0  # counts that grew
    unchanged: int = 0
    plays: int = 0
    rows: int = field(default=0, compare=False)
    undated: int = field(default=0, compare=False)  # rows whose plays are dated now
    same: int = 0  # rows of a person whom another row names
    same_rows: list[Label] = field(default_factory=list, compare=False)
    # Rows left out, with what is wrong; of many only the first. By reason: how many, and which.
    left_out: int = field(default=0, compare=False)
    errors: list[tuple[Label, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter, compare=False)
    reason_rows: dict[str, list[Label]] = field(default_factory=dict, compare=False)
    sample: list[KnownAddress] = field(default_factory=list, compare=False)

    def leave_out(self, row: Label, reason: str, text: str) -> None:
        self.left_out += 1
        self.reasons[reason] += 1
        if self.reasons[reason] <= EXAMPLES:
            self.reason_rows.setdefault(reason, []).append(row)
        if len(self.errors) < MAX_ERRORS:
            self.errors.append((row, text))


@dataclass
class Reading:
    """How the values of a file are to be understood."""

    now: datetime
    order: DayOrder = field(default_factory=DayOrder)
    zones: dict[str, ZoneInfo] = field(default_factory=dict)  # by field; else the site's


def read_people(
    rows: Iterable[dict[str, Any]], report: ImportReport, reading: Reading
) -> dict[str, bytes]:
    """Return one row for each address, packed, and add what is wrong with others to the report."""
    people: dict[str, bytes] = {}
    # Not those who are erased while a file is imported: after a crash the same people are read.
    before = Erasure.objects.filter(erased_at__lte=reading.now)
    erased = set(before.values_list("digest", flat=True))
    for number, row in enumerate(rows, start=2):  # the header is row 1
        label = row.get("row", number)
        report.rows += 1
        try:
            known = _understand(row, reading, erased)
        except ValidationError as error:
            text = " ".join(error.messages)
            reason = str(error.message % {"value": "…"}) if error.params else text
            report.leave_out(label, reason, text)
            continue
        report.undated += known.last_play == reading.now
        if packed := people.get(known.email):
            known = _merge(known, KnownAddress.unpack(known.email, packed), reading.now)
            report.same += 1
            report.same_rows = [*report.same_rows, label][:EXAMPLES]
        people[known.email] = known.pack()
    return people


def _merge(one: KnownAddress, other: KnownAddress, now: datetime) -> KnownAddress:
    """Return the greatest count, the earliest first play and the latest last play."""
    dated = [row for row in (one, other) if row.last_play != now] or [one]
    first, last = min(row.first_play for row in dated), max(row.last_play for row in dated)
    return KnownAddress(one.email, max(one.plays, other.plays), first, last)


def _understand(row: dict[str, Any], reading: Reading, erased: set[str]) -> KnownAddress:
    """Return what the row says; raise ValidationError where it makes no sense or was erased."""
    missing = [value for value in row.values() if isinstance(value, dict)]
    if {"error": True} in missing:
        raise ValidationError(_("A cell has an error such as #N/A in place of a value."))
    if missing:
        raise ValidationError(
            _("A cell is a formula without a stored value. Save the file in a spreadsheet.")
        )
    email = normalise_address(str(row.get("email") or ""))
    written = _written(row, "plays") or "1"  # known without a count: it played at least once
    plays = parse_count(written)
    if plays is None:
        text = _("plays: “%(value)s” is not a number from 0 to {most}.")
        raise _wrong(text, written, most=MAX_PLAYS)
    first, last = _moments(row, reading)
    if first and last and first > last:
        raise ValidationError(_("The first play is later than the last."))
    if erased and keyed_hash(email) in erased:
        raise ValidationError(_("This person was erased. Delete the row from your file."))
    # What has no date is dated now.
    return KnownAddress(email, plays, first or last or reading.now, last or first or reading.now)


def _written(row: dict[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip()


def _moments(row: dict[str, Any], reading: Reading) -> list[datetime | None]:
    """Return the first and the last play. Both are read before either is refused.

    Each may tell whether the day comes first.
    """
    moments: list[datetime | None] = []
    errors = []
    for column, name in (("first_play", _("first play")), ("last_play", _("last play"))):
        moments.append(None)
        if _written(row, column):
            try:
                moments[-1] = _moment(row[column], column, name, reading)
            except ValidationError as error:
                errors.append(error)
    if errors:
        raise errors[0]
    return moments


def _moment(value: Any, column: str, name: str, reading: Reading) -> datetime:
    zone = reading.zones.get(column) or timezone.get_default_timezone()
    try:
        moment = parse_moment(value, zone, reading.order)
    except TwoDates:
        text = _("{column}: “%(value)s” may be two dates. Choose which is the day.")
        raise _wrong(text, value, column=name) from None
    except NoDate:
        text = _("{column}: “%(value)s” is not a date such as 2026-05-01 or 01.05.2026 18:30.")
        raise _wrong(text, value, column=name) from None
    if moment > reading.now:
        raise ValidationError(_("%(column)s lies in the future.") % {"column": name})
    return moment


def _wrong(text: str, value: Any, **words: Any) -> ValidationError:
    """Return an error that quotes the value; not an address, since the text is kept."""
    quoted = str(value)
    shown = "…" if "@" in quoted else quoted[:SHOWN]
    return ValidationError(text.format(**words), params={"value": shown})
