import logging
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import start_http_server

from esp_mail.own_jobs import OwnJobs
from games.contact_queue import due
from games.delivery import ContactsJob, Delivery
from games.delivery_pause import DeliveryPause
from importing.jobs import ImportsJob
from privacy.esp_removals import RemovalsJob
from serving.metrics import registry
from stats.totals import CloseDaysJob

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    # They include the ESP's checks. All checks would load every page of the site: 24 MB of 99.
    requires_system_checks = [Tags.compatibility]
    help = "Deliver pending contacts to the ESP, until told to stop (SIGTERM, SIGINT)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, and exit")
        parser.add_argument("--batch", type=int, default=100, help="contacts claimed at a time")

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except (CommandError, OperationalError):
            raise
        except Exception:
            # Not by Python's own traceback: it would quote rows of the database, and so addresses.
            logger.exception("delivery ended")
            sys.exit(1)

    def handle(self, *, once: bool, batch: int, **_options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch is a positive number.")
        delivery = Delivery([RemovalsJob(), ContactsJob(batch=batch)])
        own_jobs = OwnJobs([ImportsJob()] if once else [ImportsJob(), CloseDaysJob()])
        own_jobs.stopping = delivery.stopping
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: delivery.stopping.set())
        if not once:
            if settings.DELIVERY_METRICS_PORT:
                start_http_server(settings.DELIVERY_METRICS_PORT, registry=registry())
            self._run(delivery, own_jobs)
            return
        while not own_jobs.stopping.is_set() and own_jobs.deliver_batch():
            pass
        delivered = delivery.run_once()
        for state, number in sorted(delivered.items()):
            self.stdout.write(f"{state}: {number}")
        if pause := DeliveryPause.objects.first():
            raise CommandError(f"Delivery is paused: {pause}")
        if left := delivered["pending"] + due(timezone.now()).count():
            stopped = delivery.stopping.is_set()
            why = "it was stopped" if stopped else "they failed or found no turn"
            raise CommandError(f"Left to deliver later: {left}, since {why}.")
        self.stdout.write("Nothing is due.")

    def _run(self, delivery: Delivery, own_jobs: OwnJobs) -> None:
        """Run both until told to stop; a slow ESP must not hold up what needs no ESP."""
        with ThreadPoolExecutor(1, "own jobs") as pool:
            beside = pool.submit(own_jobs.run)
            try:
                delivery.run()
            finally:
                delivery.stopping.set()
        if error := beside.exception():
            # The frames only: the text may contain an address.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("own jobs raised %s\n%s", type(error).__name__, frames)
            sys.exit(1)
