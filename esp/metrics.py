"""Metrics of the calls to the ESP."""

from prometheus_client import Gauge, Histogram

from esp.errors import ContactRejected, ESPMisconfigured, ESPUnavailable, RateLimited

CALL_SECONDS = Histogram(
    "esp_mail_esp_call_seconds",
    "Calls to the ESP, and how long each took.",
    ["backend", "operation", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 12),
)
BREAKERS_OPEN = Gauge(
    "esp_mail_breakers_open",
    "Processes that leave the ESP alone after failures, or probe whether it is back.",
    multiprocess_mode="livesum",
)
OUTCOMES: dict[type[Exception], str] = {  # of a failed call; any other error is a "fault"
    ContactRejected: "rejected",
    ESPMisconfigured: "misconfigured",
    ESPUnavailable: "unavailable",
    RateLimited: "limited",
}
