from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from games.contact_state import ContactState
from privacy.erasing import anonymise, players_idle_for


class Command(BaseCommand):
    help = "Delete the addresses that have not played for so long. Without --yes: print how many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *, older_than: int, yes: bool, **_options: Any) -> None:
        if not 0 < older_than < 100_000:  # noqa: PLR2004 - days, as far as dates go back
            raise CommandError("--older-than is a number of days.")
        pending = players_idle_for(older_than).filter(contact_state=ContactState.PENDING).count()
        if yes:
            self.stdout.write(f"Erased: {sum(anonymise(older_than))}.")
        else:
            number = players_idle_for(older_than).count() - pending
            self.stdout.write(f"Would erase: {number}. Nothing was done; --yes does it.")
        if pending:
            self.stdout.write(f"Kept, since their contact is still owed to the ESP: {pending}.")
