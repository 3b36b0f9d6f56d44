"""Which column of a sheet is which, by its title and by what it contains."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from importing.titles import RANKS, is_other, name_columns, normal, text
from importing.values import looks_like_count, looks_like_date

ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
ZONE = re.compile(r"\(([A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*)\)")
FIELDS = ("email", "plays", "first_play", "last_play")
SHARE = 0.8  # of a column's values that must look like counts or dates, for staff to be asked
LOOKS = {"plays": looks_like_count, "first_play": looks_like_date, "last_play": looks_like_date}
EXPORT_OF_PLAYS = {"email", "number", "played", "espstatus"}


@dataclass
class Columns:
    """The columns of a sheet."""

    header: int  # number of the row with the titles; 0: there is none
    above: int  # rows above it that are not read
    titles: list[str]
    titled: bool  # a known title stands above addresses
    used: dict[str, int | None]  # by field; None: no column
    open: list[str] = field(default_factory=list)  # fields for which staff must choose

    def are_as_in(self, other: "Columns") -> bool:
        """Return whether another sheet has the same titles, with capitals and signs aside."""
        return _plain_titles(self) == _plain_titles(other)

    def zones(self) -> dict[str, ZoneInfo]:
        """Return the time zones that titles name, by field."""
        return {
            name: zone
            for name, column in self.used.items()
            if column is not None and (zone := _zone(self.titles[column]))
        }


def _plain_titles(columns: Columns) -> list[str]:
    return [re.sub(r"[\W_]", "", title.lower()) for title in columns.titles]


def _zone(title: str) -> ZoneInfo | None:
    match = ZONE.search(title)
    try:
        return ZoneInfo(match[1]) if match else None
    except (KeyError, ValueError, OSError):
        return None


def find_columns(rows: list[tuple[int, list[Any]]]) -> Columns | None:
    """Return the columns of a sheet that begins with these rows; None if none has addresses."""
    above = _find_titles(rows)
    titled = above is not None
    if above is None:
        with_address = [n for n, (_, cells) in enumerate(rows) if any(map(_is_address, cells))]
        if not with_address:
            return None
        above = with_address[0] - 1  # -1: no row has titles
    header, cells = rows[above] if above >= 0 else (0, [])
    below = [cells for _number, cells in rows[above + 1 :]]
    titles = name_columns(cells, max(map(_width, [cells, *below])))
    samples = [_sample(below, n) for n in range(len(titles))]
    used = _guess(titles, samples)
    titled = titled and any(map(_is_address, samples[used["email"]]))
    unknown = _unknown(titles, samples, used)
    open_fields = [
        name
        for name, looks_right in LOOKS.items()
        if name not in used and any(_most(looks_right, values) for values in unknown)
    ]
    fields = {name: used.get(name) for name in FIELDS}
    return Columns(header, max(above, 0), titles, titled, fields, open_fields)


def _find_titles(rows: list[tuple[int, list[Any]]]) -> int | None:
    """Return the place of the row with the most known titles, one of them of addresses."""
    best, most = None, 0
    for place, (_number, cells) in enumerate(rows):
        names = [normal(cell) for cell in cells]
        known = sum(any(name in RANKS[field] for field in FIELDS) for name in names)
        is_header = not any(map(_is_address, cells)) and not RANKS["email"].keys().isdisjoint(names)
        if is_header and known > most:
            best, most = place, known
    return best


def _width(cells: list[Any]) -> int:
    """Return the number of the last cell that is not empty."""
    filled = [n for n, cell in enumerate(cells, start=1) if isinstance(cell, dict) or text(cell)]
    return max(filled, default=0)


def _sample(rows: list[list[Any]], column: int) -> list[Any]:
    """Return the column's values, without empty ones and formulas that have none."""
    values = [cells[column] for cells in rows if column < len(cells)]
    return [value for value in values if text(value)]


def _guess(titles: list[str], samples: list[list[Any]]) -> dict[str, int]:
    """Return the column of each field that a title names, or that has the addresses."""
    names = [normal(title) for title in titles]
    # Different ones: each row may name the same manager.
    addresses = [len({text(v).lower() for v in values if _is_address(v)}) for values in samples]
    used: dict[str, int] = {}
    for name in FIELDS:
        ranks = RANKS[name]
        free = [n for n in range(len(names)) if n not in used.values()]
        found = sorted((n for n in free if names[n] in ranks), key=lambda n: ranks[names[n]])
        if name == "email":
            with_address = sorted((n for n in free if addresses[n]), key=lambda n: -addresses[n])
            found = [*(n for n in found if addresses[n]), *with_address, *found]
        elif name == "plays" and set(names) >= EXPORT_OF_PLAYS:
            found = [names.index("number")]
        if found:
            used[name] = found[0]
    return used


def _unknown(titles: list[str], samples: list[list[Any]], used: dict[str, int]) -> list[list[Any]]:
    """Return the values of the columns that may be anything."""
    return [
        values
        for n, (title, values) in enumerate(zip(titles, samples, strict=True))
        if values
        and n not in used.values()
        and not is_other(title)
        and not (n == 0 and _is_numbering(values))
    ]


def _most(looks_right: Callable[[Any], bool], values: list[Any]) -> bool:
    return sum(map(looks_right, values)) >= SHARE * len(values)


def _is_address(cell: Any) -> bool:
    return ADDRESS.fullmatch(text(cell)) is not None


def _is_numbering(values: list[Any]) -> bool:
    texts = [text(value) for value in values]
    return len(texts) > 3 and texts == [str(n) for n in range(1, len(texts) + 1)]  # noqa: PLR2004
