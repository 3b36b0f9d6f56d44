"""What every backend must do; a new vendor joins by its fake in conftest.FAKES."""

import inspect
import threading
from typing import Any

import pytest
from django.db import connections

from esp.addresses import normalise_address
from esp.backends.base import ESPBackend, ForgetsContacts
from esp.backends.mock import MockBackend
from esp.backends.ses import SESBackend
from esp.deadline import time_budget
from esp.errors import ContactRejected, ESPUnavailable
from esp.tests.fakes.server import REFUSED

NASTY = [
    "cem+game@test.ru",
    "a/b@test.ru",
    "100%25@test.ru",
    "o'brien@test.ru",
    "a&b=c?d#e@test.ru",
    "{a}|b~c^d`e@test.ru",
    "$a!b*c_d@test.ru",
    "1234567@test.ru",
    normalise_address("cem@пример.рф"),
]


WITHOUT_A_CALL = {"Unisender", "SendGrid"}  # staff remove the contact there by hand


def forgets(rig: Any) -> None:
    """Skip the backends that are known to lack the capability, and no others."""
    if getattr(rig.backend, "vendor", "") in WITHOUT_A_CALL:
        assert not hasattr(rig.backend, "remove_contact")
        pytest.skip("has no call for it")
    wanted = inspect.signature(ForgetsContacts.remove_contact)
    assert inspect.signature(rig.backend.remove_contact) == wanted


@pytest.fixture
def backend(rig: Any) -> Any:
    return rig.backend(**rig.options())


@pytest.mark.parametrize("name", ["has_contact", "add_contact"])
def test_signature_is_the_protocols(rig: Any, name: str) -> None:
    assert inspect.signature(getattr(rig.backend, name)) == inspect.signature(
        getattr(ESPBackend, name)
    )


def test_every_option_is_a_keyword_that_the_docstrings_name(rig: Any) -> None:
    documented = "".join(str(base.__doc__) for base in rig.backend.__mro__)

    for name, option in inspect.signature(rig.backend).parameters.items():
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert f"`{name}`" in documented


def test_known_contact_is_known(rig: Any, backend: Any) -> None:
    rig.hold("cem@test.ru")

    assert backend.has_contact("cem@test.ru") is True


def test_unknown_contact_is_unknown(rig: Any, backend: Any) -> None:
    rig.hold("another@test.ru")

    assert backend.has_contact("cem@test.ru") is False


def test_unsubscribed_contact_is_known(rig: Any, backend: Any) -> None:
    rig.hold("cem@test.ru", unsubscribed=True)

    assert backend.has_contact("cem@test.ru") is True


def test_looking_up_adds_nothing(rig: Any, backend: Any) -> None:
    backend.has_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == "absent"


def test_added_contact_is_there(rig: Any, backend: Any) -> None:
    backend.add_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == "subscribed"
    assert backend.has_contact("cem@test.ru") is True


def test_duplicate_at_adding_is_no_error(rig: Any, backend: Any) -> None:
    rig.hold("cem@test.ru")

    backend.add_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == "subscribed"


def test_adding_does_not_resubscribe(rig: Any, backend: Any) -> None:
    if rig.backend is SESBackend:
        pytest.skip("moto overwrites a duplicate, which AWS refuses: test_ses has AWS's answer")
    rig.hold("cem@test.ru", unsubscribed=True)
    before = rig.state("cem@test.ru")

    backend.add_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == before


@pytest.mark.parametrize("email", NASTY)
def test_address_arrives_intact(rig: Any, backend: Any, email: str) -> None:
    if rig.backend is SESBackend and "/" in email:
        pytest.skip("moto decodes %2F before it routes: test_ses looks at the request")
    assert normalise_address(email) == email
    assert backend.has_contact(email) is False

    backend.add_contact(email)

    assert rig.state(email) == "subscribed"
    assert backend.has_contact(email) is True


def test_removed_contact_is_gone_and_the_others_stay(rig: Any, backend: Any) -> None:
    forgets(rig)
    rig.hold("another@test.ru")
    rig.hold("cem@test.ru")

    backend.remove_contact("cem@test.ru")

    assert (rig.state("cem@test.ru"), rig.state("another@test.ru")) == ("absent", "subscribed")


def test_unsubscribed_contact_is_removed(rig: Any, backend: Any) -> None:
    forgets(rig)
    rig.hold("cem@test.ru", unsubscribed=True)

    backend.remove_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == "absent"


def test_removing_what_is_not_there_is_no_error(rig: Any, backend: Any) -> None:
    forgets(rig)
    rig.hold("another@test.ru")

    backend.remove_contact("cem@test.ru")

    assert rig.state("another@test.ru") == "subscribed"


@pytest.mark.parametrize("email", NASTY)
def test_nasty_address_is_removed(rig: Any, backend: Any, email: str) -> None:
    forgets(rig)
    if rig.backend is SESBackend and "/" in email:
        pytest.skip("moto decodes %2F before it routes")
    rig.hold(email)

    backend.remove_contact(email)

    assert rig.state(email) == "absent"


def test_two_additions_at_once_both_succeed(rig: Any, backend: Any) -> None:
    start, failures = threading.Barrier(2), []

    def add() -> None:
        try:
            start.wait(10)
            backend.add_contact("cem@test.ru")
        except Exception as failure:  # noqa: BLE001 - told below
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert rig.state("cem@test.ru") == "subscribed"


def test_refused_address_is_rejected_for_good(rig: Any, backend: Any) -> None:
    if rig.backend is SESBackend:
        pytest.skip("moto refuses no address: test_ses does")

    with pytest.raises(ContactRejected):
        backend.add_contact(REFUSED)

    assert rig.state(REFUSED) == "absent"


def test_spent_budget_asks_nothing(rig: Any, backend: Any) -> None:
    if rig.backend is MockBackend:
        pytest.skip("the mock asks nobody")

    with time_budget(0), pytest.raises(ESPUnavailable, match="no time left"):
        backend.add_contact("cem@test.ru")

    assert rig.state("cem@test.ru") == "absent"
