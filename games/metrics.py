"""What is counted of plays, limits and delivery, and what is looked up when somebody asks."""

from collections.abc import Iterator

from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from games.debts import recent_debts

PLAYS = Counter(
    "esp_mail_plays",
    "Plays answered: new, returning, or repeated (the same request once more, not counted).",
    ["player", "esp_status"],
)
DELIVERED = Counter(
    "esp_mail_delivered", "Contacts tried by delivery, by what came of it.", ["state"]
)
LIMITED = Counter("esp_mail_limited", "Plays refused, by the limit that they met.", ["limit"])
LIMITS_AWAY = Counter("esp_mail_limits_unchecked", "Plays let in unchecked, Redis being away.")


class DebtsCollector(Collector):
    """The debts as metrics. A database that is away is a metric too, not a failure."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        debts = recent_debts()
        yield GaugeMetricFamily(
            "esp_mail_database_up",
            "Whether the database tells what is owed to the ESP.",
            value=float(debts is not None),
        )
        if debts is None:
            return
        yield GaugeMetricFamily(
            "esp_mail_contacts_pending", "Contacts owed to the ESP.", value=debts.pending
        )
        yield GaugeMetricFamily(
            "esp_mail_contacts_oldest_pending_seconds",
            "Time since the first play of the contact that has been pending longest.",
            value=debts.oldest_seconds,
        )
        yield GaugeMetricFamily(
            "esp_mail_delivery_paused",
            "Whether delivery stands still until an operator mends the ESP's key or list.",
            value=float(bool(debts.pause_reason)),
        )
