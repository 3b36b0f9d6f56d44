# ruff: noqa: RUF001 - Cyrillic letters are meant
"""Titles of columns as programs and people write them, and what they mean."""

import re
from collections import Counter
from string import ascii_uppercase
from typing import Any

TITLE = 100  # characters shown of a title
# Titles as `normal()` returns them, the surest first.
TITLES = {
    "email": """
        email emailaddress emailadress emails emailid youremail useremail contactemail customeremail
        clientemail subscriberemail playeremail emailадрес адресemail emailпокупателя emailклиента
        emailучастника электроннаяпочта адресэлектроннойпочты электронныйадрес элпочта адресэлпочты
        эладрес почта имейл имэйл емейл емайл мейл mail address адрес subscriber контакт
    """,
    "plays": """
        plays playcount playscount numberofplays totalplays timesplayed play игры игр числоигр
        количествоигр колвоигр всегоигр сыграноигр числосыгранныхигр количествосыгранныхигр games
        gamescount gamecount numberofgames totalgames gamesplayed countofgames count counts сыграно
        числораз количествораз колвораз числопопыток количествопопыток колвопопыток попыток
        числоучастий количествоучастий колвоучастий участий attempts количество колво раз
    """,
    "first_play": """
        firstplay firstplayed firstplayedat firstplayat firstplaydate firstgame firstgamedate
        перваяигра датапервойигры времяпервойигры первоеучастие датапервогоучастия
    """,
    "last_play": """
        lastplay lastplayed lastplayedat lastplayat lastplaydate lastgame lastgamedate
        последняяигра датапоследнейигры времяпоследнейигры последнееучастие датапоследнегоучастия
        played playedat playedon playdate gamedate датаигры датаивремяигры датаучастия сыграна
        date datetime дата датаивремя
    """,
    # Counts and dates of something else: numbering, and what ESPs export.
    "other": """
        № n no id пп №пп nпп номер номерпп rownumber contactid klaviyoid leid euid memberrating
        optintime confirmtime lastchanged addedtime modifiedtime dateadded updatedat
        profilecreatedon latitude longitude gmtoff dstoff firstactive lastactive
        emailsubscribetimes nextattempt следующаяпопытка возраст age
    """,
}
RANKS = {
    name: {title: n for n, title in enumerate(titles.split())} for name, titles in TITLES.items()
}
OTHER_PARTS = re.compile(
    r"consent|unsub|birth|рожд|zip|postal|индекс|phone|телефон|sms|status|(user|player|customer)ids?$"
)
ID = re.compile(r"(\b|_|[a-z](?=I))[Ii][Dd]s?$")  # a word of its own: not the end of "paid"


def name_columns(header: list[Any], width: int) -> list[str]:
    """Return titles that differ: with the column's letter where one is empty or repeats."""
    titles = [text(cell)[:TITLE] for cell in header[:width]]
    titles += [""] * (width - len(titles))
    times = Counter(titles)
    return [
        title if title and times[title] == 1 else f"{title} [{letter(n)}]".strip()
        for n, title in enumerate(titles)
    ]


def is_other(title: str) -> bool:
    name = normal(title)
    return name in RANKS["other"] or bool(OTHER_PARTS.search(name) or ID.search(title))


def normal(cell: Any) -> str:
    """Return a title in lower case, without spaces, signs and what stands in brackets."""
    outside = re.sub(r"\([^)]*\)|\[[^]]*\]", "", text(cell)).lower().replace("ё", "е")
    return re.sub(r"[^\w№]|_", "", outside)


def text(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, dict) else str(cell).strip("\ufeff \t\r\n\"'*")


def letter(column: int) -> str:
    """Return the column's name in a spreadsheet."""
    before, last = divmod(column, 26)
    return (letter(before - 1) if before else "") + ascii_uppercase[last]
