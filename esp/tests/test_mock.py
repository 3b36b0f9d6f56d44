import time

import pytest

from esp.backends.mock import MockBackend
from esp.deadline import time_budget
from esp.errors import ContactRejected, ESPUnavailable
from esp.models import MockContact

pytestmark = pytest.mark.django_db


def test_added_contact_is_known() -> None:
    backend = MockBackend()
    assert not backend.has_contact("cem@test.ru")
    backend.add_contact("cem@test.ru")
    assert backend.has_contact("cem@test.ru")
    contact = MockContact.objects.get()
    assert (contact.email, str(contact)) == ("cem@test.ru", f"Contact {contact.pk}")


def test_contact_added_twice_is_one_contact_with_a_count() -> None:
    backend = MockBackend()
    backend.add_contact("cem@test.ru")
    backend.add_contact("cem@test.ru")
    assert MockContact.objects.get().times_added == 2


def test_failing() -> None:
    backend = MockBackend(failing=True)
    with pytest.raises(ESPUnavailable):
        backend.has_contact("cem@test.ru")
    with pytest.raises(ESPUnavailable):
        backend.add_contact("cem@test.ru")


def test_rejecting() -> None:
    backend = MockBackend(rejecting=["test.ru"])
    with pytest.raises(ContactRejected):
        backend.add_contact("cem@test.ru")
    backend.add_contact("cem@mail.test.ru")


def test_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    MockBackend(latency=1.5).has_contact("cem@test.ru")
    assert slept == [1.5]


def test_caller_with_less_time_than_the_latency() -> None:
    with time_budget(0.01), pytest.raises(ESPUnavailable, match="too slow"):
        MockBackend(latency=3600).has_contact("cem@test.ru")
