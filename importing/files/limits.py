"""What a file may contain. A file beyond it is refused before it takes memory or time."""

MAX_ROWS = 600_000  # that are not empty; whoever imports them needs 0.3 kB for each
MAX_COLUMNS = 1_000  # up to the last that is not empty
MAX_CELL = 32_767  # characters, as in Excel
MAX_LINE = 1_000_000  # characters of a row
UNPACKED_FREE = 20_000_000  # bytes that any archive may unpack to
UNPACKED_RATIO = 100  # unpacked to packed; spreadsheets of half a million rows have about 15
MEMORY = 300_000_000  # bytes of the reading process
CPU_SECONDS = 180


class Refused(Exception):
    """The file is not read. The argument is a key of `importing.refusals.REASONS`."""
