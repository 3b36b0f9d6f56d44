"""Russian dates: 26 ноя 2026, 17:00. The letter b has no capital and no dot."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j b Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j b Y, H:i"
MONTH_DAY_FORMAT = "j b"
TIME_FORMAT = "H:i"
