"""The numbers of this container's processes, which each keeps in a file of a common folder."""

import os

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector


def registry(*others: Collector) -> CollectorRegistry:
    """Return the numbers to show: of all processes, or of this one where it is alone."""
    shown = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
    else:
        shown.register(REGISTRY)
    for other in others:
        shown.register(other)
    return shown
