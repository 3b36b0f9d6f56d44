"""The dashboard's numbers, as the API names them."""

from typing import Any

from games.dashboard.page import current_numbers

PERIODS = ("today", "yesterday", "week", "month", "ever")  # as games.dashboard.periods orders them


def stats(user: Any) -> dict[str, Any]:
    numbers = current_numbers(user)
    standing = numbers.standing
    return {
        "at": numbers.at,
        "periods": dict(zip(PERIODS, numbers.periods, strict=True)),
        "days": numbers.days,
        "domains": [{"domain": name, "players": number} for name, number in numbers.domains],
        "standing": {
            "paused": standing.pause is not None,
            "pending": standing.pending,
            "oldest": standing.oldest,
            "late": standing.late,
        },
    }
