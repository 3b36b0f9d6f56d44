# ruff: noqa: RUF001 - Cyrillic letters are meant
"""Counts and dates as programs and people write them; what could be two dates is never guessed."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from games.models import MAX_PLAYS

# A spreadsheet's numbers may come as 3.0 or 3,00, in thousands as "1 234". But 1,000 may be 1.
COUNT = re.compile(r"([0-9]{1,2}[ \u00a0\u202f][0-9]{3}|[0-9]{1,5})([.,]0{1,2})?")
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of spreadsheets, in any zone
EARLIEST = 1990  # year; programs write year 1 for "none"
SERIAL = re.compile(r"\d{5}([.,]\d+)?")
SERIALS = (30_000, 80_000)  # 1982 to 2119; no number of plays reaches it
MONTHS = 12
MOMENT = re.compile(
    r"""(?:(?P<y1>\d{4}) (?P<s1>[-./]) (?P<m1>\d{1,2}) (?P=s1) (?P<d1>\d{1,2})
         | (?P<y2>\d{4}) (?P<m2>\d\d) (?P<d2>\d\d)
         | (?P<a>\d{1,2}) (?P<sign>[-./]) (?P<b>\d{1,2}) (?P=sign) (?P<y3>\d{4}|\d\d) (?:\s*г\.?)?)
    (?:(?:[T\s]|,\s*) \s* (?P<hour>\d{1,2}) (?P<rest>:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)
       \s* (?P<half>[ap]\.?m\.?)?)?
    \s* (?P<offset>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?""",
    re.IGNORECASE | re.VERBOSE,
)


def parse_count(value: Any) -> int | None:
    """Return the number of plays; None if it is not one from 0 to MAX_PLAYS."""
    match = COUNT.fullmatch(str(value).strip())
    count = int(re.sub(r"\D", "", match[1])) if match else MAX_PLAYS + 1
    return count if count <= MAX_PLAYS else None


def looks_like_count(value: Any) -> bool:
    return parse_count(re.sub(r"[.,](?=\d{3}$)", " ", str(value))) is not None


class NoDate(ValueError):
    """It is no date."""


class TwoDates(ValueError):
    """It may be two dates: the day or the month may come first."""


@dataclass
class DayOrder:
    """Which of 5/1/2026 is the day: as staff said, or as all dates of the file allow."""

    day_first: bool | None = None
    told: set[bool] = field(default_factory=set)  # by dates with a number that is no month
    either: bool = False  # some dates do not tell

    def is_day_first(self, a: int, b: int) -> bool:
        """Note what both numbers tell; return whether the first is the day.

        Raise TwoDates if it may be, and may not.
        """
        if max(a, b) > MONTHS:
            self.told.add(a > MONTHS)
        elif a != b:
            self.either = True
            if self.day_first is None:
                raise TwoDates
        return a > MONTHS if self.day_first is None else self.day_first

    def known(self) -> bool | None:
        """Return whether the day comes first; None if the dates do not tell."""
        if self.day_first is None and len(self.told) == 1:
            return True in self.told
        return self.day_first


def parse_moment(value: Any, zone: ZoneInfo, order: DayOrder) -> datetime:
    """Return the time; raise NoDate or TwoDates. A time without an offset is of the zone."""
    serial = _serial(value)
    if serial is not None:
        local = EPOCH + timedelta(seconds=round(serial * 86_400))
        return local.replace(tzinfo=zone).astimezone(UTC)
    match = MOMENT.fullmatch(str(value).strip())
    if match is None:
        raise NoDate
    try:
        moment = datetime.combine(_date(match, order), _time(match))
        # In one zone Python compares clocks, not moments.
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise (error if isinstance(error, TwoDates) else NoDate) from error
    if moment.year < EARLIEST:
        raise NoDate
    return moment


def looks_like_date(value: Any) -> bool:
    return _serial(value) is not None or MOMENT.fullmatch(str(value).strip()) is not None


def _serial(value: Any) -> float | None:
    """Return a spreadsheet's number of a day; None if it is none."""
    text = str(value).strip()
    if not isinstance(value, float) and not SERIAL.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return number if SERIALS[0] < number < SERIALS[1] else None


def _date(match: re.Match[str], order: DayOrder) -> date:
    for n in "12":
        if match[f"y{n}"]:
            return date(*map(int, match.group(f"y{n}", f"m{n}", f"d{n}")))
    year = int(match["y3"]) + (2000 if len(match["y3"]) == 2 else 0)  # noqa: PLR2004 - digits
    a, b = int(match["a"]), int(match["b"])
    # Dots stand in dates that begin with the day.
    day_first = match["sign"] == "." or order.is_day_first(a, b)
    return date(year, b, a) if day_first else date(year, a, b)


def _time(match: re.Match[str]) -> time:
    """Return the time with its offset; raise NoDate if a clock has no such hour."""
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - of a clock
            raise NoDate
        hour = hour % 12 + (12 if match["half"][0] in "pP" else 0)
    offset = (match["offset"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    return time.fromisoformat(f"{hour:02}{match['rest'] or ':00'}{offset}")
