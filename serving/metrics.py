"""The metrics of this container's processes. Each process writes to a file of a common folder."""

import os

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


def registry(*others: Collector) -> CollectorRegistry:
    """Return a registry of the metrics of all processes, or of this one if it is alone."""
    shown = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
    else:
        shown.register(REGISTRY)
    for other in others:
        shown.register(other)
    return shown
