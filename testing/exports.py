"""Exports as the console hands them over, and as the programs that open them read them."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
from django.test import Client

from testing.campaign import GAMES, content

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 5, 2, 18, 30, 5, tzinfo=UTC)
# Each is an address that people may have, and something else to a spreadsheet.
NASTY = [
    "=1+1@example.com",
    "+7@example.com",
    "-2+3@example.com",
    "'quoted@example.com",
    "=cmd|'/c'!a1@example.com",
    "1e5@example.com",
    "00123@example.com",
    "_x0009_c@example.com",
    "a_x0041_b@example.com",
]
FORMATS = {"xlsx": "0", "excel.csv": "1", "csv": "2", "json": "3"}
HEADER = ["email", "plays", "first_play", "last_play", "contact", "last_error"]


def ask(staff: Client, name: str, page: str = GAMES, query: str = "", **headers: Any) -> Any:
    body = {"format": FORMATS[name]}
    return staff.post(f"{page}export/{query}", body, **headers)


def export(staff: Client, name: str, page: str = GAMES, query: str = "", **headers: Any) -> bytes:
    return content(ask(staff, name, page, query, **headers))


def read_csv(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode()), delimiter=delimiter))


def read_sheet(data: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows())
