"""Which process probes whether a pause may end, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from games.delivery_pause import PROBE_INTERVAL, DeliveryPause

pytestmark = pytest.mark.django_db


def test_one_process_probes_in_each_interval() -> None:
    DeliveryPause.objects.begin("wrong key")
    assert not DeliveryPause.objects.may_probe()
    DeliveryPause.objects.probe_now()
    assert [DeliveryPause.objects.may_probe() for _ in range(2)] == [True, False]


def test_pause_is_probed_though_the_clock_was_set_back() -> None:
    DeliveryPause.objects.begin("wrong key")
    ahead = timezone.now() + PROBE_INTERVAL + timedelta(hours=1)
    DeliveryPause.objects.update(probe_at=ahead)
    assert [DeliveryPause.objects.may_probe() for _ in range(2)] == [True, False]
