"""The check that every count is the number of its plays."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from games.counts import find_mismatches, repair


class Command(BaseCommand):
    help = "Compare each game's count with its plays; say where they differ, and fail if they do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="make the counts those of the plays")

    def handle(self, *, fix: bool, **_options: Any) -> None:
        found = 0
        for wrong in find_mismatches():
            found += 1
            self.stdout.write(
                f"game {wrong.game_id}: counted {wrong.play_count}, plays {wrong.plays}, "
                f"highest number {wrong.highest_number}"
            )
            if fix:
                repair(wrong.game_id)
        if found and not fix:
            raise CommandError(f"{found} counts are wrong; --fix makes them those of the plays.")
        self.stdout.write(f"{found} counts fixed." if found else "All counts are right.")
