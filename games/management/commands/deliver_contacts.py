"""The delivery process."""

import signal
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from prometheus_client import start_http_server

from esp_mail.metrics import registry
from games.delivery import Delivery
from games.models import DeliveryPause, Game


class Command(BaseCommand):
    # The ESP's among them. All would load every page of the site: 24 MB of 99.
    requires_system_checks = [Tags.compatibility]
    help = (
        "Settle the contacts that are still owed to the ESP, until told to stop (SIGTERM, SIGINT)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, and exit")
        parser.add_argument("--batch", type=int, default=20, help="contacts claimed at a time")
        parser.add_argument(
            "--rate", type=float, help="contacts a second at most; each is two calls or three"
        )

    def handle(self, *, once: bool, batch: int, rate: float | None, **_options: Any) -> None:
        if batch < 1 or (rate is not None and rate <= 0):
            raise CommandError("--batch and --rate are positive numbers.")
        delivery = Delivery(batch=batch, rate=rate)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: delivery.stopping.set())
        if not once:
            if settings.DELIVERY_METRICS_PORT:
                start_http_server(settings.DELIVERY_METRICS_PORT, registry=registry())
            delivery.run()
            return
        delivered = delivery.run_once()
        for state, number in sorted(delivered.items()):
            self.stdout.write(f"{state}: {number}")
        self._fail_if_any_are_left(delivered["pending"], stopped=delivery.stopping.is_set())
        self.stdout.write("Nothing is due.")

    def _fail_if_any_are_left(self, failed: int, *, stopped: bool) -> None:
        if pause := DeliveryPause.objects.first():
            raise CommandError(f"Delivery is paused: {pause}")
        if left := failed + Game.objects.due(timezone.now()).count():
            why = "it was stopped" if stopped else "the ESP does not answer"
            raise CommandError(f"Left to deliver later: {left}, since {why}.")
