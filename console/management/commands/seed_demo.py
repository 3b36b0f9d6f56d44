"""Made-up data for a demo, or to measure with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.demo import Campaign

MOCK = "esp.backends.mock.MockBackend"


class Command(BaseCommand):
    help = "Add made-up players and plays, shaped like a real campaign that ends now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--players", type=int, default=2_000)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--force", action="store_true", help="also where it does not belong")

    def handle(self, *, players: int, days: int, force: bool, **_options: Any) -> None:
        if players < 1 or days < 1:
            raise CommandError("--players and --days are positive numbers.")
        if not force and not (settings.DEBUG and settings.ESP_BACKEND == MOCK):
            # Some contacts are pending: a real ESP would get them.
            raise CommandError("Only with DEBUG and the mock ESP. --force is for the brave.")
        for done in Campaign(players=players, days=days).write():
            bar = "#" * round(40 * done / players)
            self.stdout.write(f"\r[{bar:40}] {done / players:4.0%}", ending="")
            self.stdout.flush()
        self.stdout.write(f"\n{players} players added.")
