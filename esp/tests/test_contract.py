"""The contract of all backends. A new vendor is tested once its fake is in conftest.FAKES."""

import inspect
import threading
from typing import Any

import pytest
from django.db import connections

from esp.backends.base import AddsAgain, AddsOrFinds, ESPBackend, SettlesMany, TakesFields
from esp.backends.mock import MockBackend
from esp.backends.ses import SESBackend
from esp.deadline import time_budget
from esp.errors import ContactRejected, ESPUnavailable
from serving.addresses import normalise_address
from testing.esp.server import REFUSED

ODD_ADDRESSES = [
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


@pytest.fixture
def backend(backend_case: Any) -> Any:
    return backend_case.backend(**backend_case.options())


PROTOCOLS = {
    "has_contact": ESPBackend,
    "add_contact": ESPBackend,
    "add_contact_with": TakesFields,
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_signature_matches_the_protocol(backend_case: Any, name: str) -> None:
    assert inspect.signature(getattr(backend_case.backend, name)) == inspect.signature(
        getattr(PROTOCOLS[name], name)
    )


def test_fields_are_the_second_argument_of_each_addition(backend: Any) -> None:
    for protocol, name in (
        (AddsOrFinds, "add_or_find"),
        (AddsAgain, "add_again"),
        (SettlesMany, "settle_many"),
    ):
        if isinstance(backend, protocol):
            assert list(inspect.signature(getattr(backend, name)).parameters)[1] == "fields"


def test_every_option_is_keyword_only_and_documented(backend_case: Any) -> None:
    documented = "".join(str(base.__doc__) for base in backend_case.backend.__mro__)

    for name, option in inspect.signature(backend_case.backend).parameters.items():
        assert option.kind is inspect.Parameter.KEYWORD_ONLY
        assert f"`{name}`" in documented


def test_known_contact_is_known(backend_case: Any, backend: Any) -> None:
    backend_case.hold("cem@test.ru")

    assert backend.has_contact("cem@test.ru") is True


def test_unknown_contact_is_unknown(backend_case: Any, backend: Any) -> None:
    backend_case.hold("another@test.ru")

    assert backend.has_contact("cem@test.ru") is False


def test_unsubscribed_contact_is_known(backend_case: Any, backend: Any) -> None:
    backend_case.hold("cem@test.ru", unsubscribed=True)

    assert backend.has_contact("cem@test.ru") is True


def test_look_up_adds_nothing(backend_case: Any, backend: Any) -> None:
    backend.has_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "absent"


def test_added_contact_is_known(backend_case: Any, backend: Any) -> None:
    backend.add_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "subscribed"
    assert backend.has_contact("cem@test.ru") is True


FIELDS = {"FNAME": "Zoë <b>😀", "SCORE": 42}


def same_fields(stored: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in stored.items()}


def test_contact_is_added_with_fields(backend_case: Any, backend: Any) -> None:
    backend.add_contact_with("cem@test.ru", FIELDS)

    assert backend_case.state("cem@test.ru") == "subscribed"
    assert same_fields(backend_case.fields_of("cem@test.ru")) == same_fields(FIELDS)


def test_known_contact_keeps_its_fields_if_it_was_found(backend_case: Any, backend: Any) -> None:
    if backend_case.backend is SESBackend:
        pytest.skip("moto overwrites a duplicate, AWS refuses it: see test_ses")
    backend.add_contact_with("cem@test.ru", FIELDS)

    add = getattr(backend, "add_or_find", None) or getattr(backend, "add_again", None)
    if add is None:
        add = backend.add_contact_with
    add("cem@test.ru", {"FNAME": "Mallory"})

    assert same_fields(backend_case.fields_of("cem@test.ru")) == same_fields(FIELDS)


def test_contact_that_has_not_confirmed_is_known_and_is_not_asked_twice(backend_case: Any) -> None:
    if not getattr(backend_case, "takes_double_optin", False):
        pytest.skip("no double opt-in")
    backend_case.double_optin = True
    options = backend_case.options() | backend_case.double_optin_options
    backend = backend_case.backend(**options, double_optin=True)

    backend.add_contact_with("cem@test.ru", FIELDS)
    assert backend_case.state("cem@test.ru") == "pending"
    assert same_fields(backend_case.fields_of("cem@test.ru")) == same_fields(FIELDS)
    assert backend.has_contact("cem@test.ru") is True
    if isinstance(backend, AddsOrFinds):
        assert backend.add_or_find("cem@test.ru") is True
    backend.remove_contact("cem@test.ru")
    assert backend_case.state("cem@test.ru") == "absent"


def test_double_optin_does_not_resubscribe(backend_case: Any) -> None:
    if not getattr(backend_case, "takes_double_optin", False):
        pytest.skip("no double opt-in")
    backend_case.double_optin = True
    backend_case.hold("cem@test.ru", unsubscribed=True)
    backend_case.consents = {"cem@test.ru": "UNSUBSCRIBED"}
    options = backend_case.options() | backend_case.double_optin_options
    backend = backend_case.backend(**options, double_optin=True)

    if isinstance(backend, AddsOrFinds):
        assert backend.add_or_find("cem@test.ru") is True
    elif not backend.has_contact("cem@test.ru"):
        backend.add_contact("cem@test.ru")
    if isinstance(backend, AddsAgain):
        backend.add_again("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "unsubscribed"


def test_adding_a_known_contact_is_no_error(backend_case: Any, backend: Any) -> None:
    backend_case.hold("cem@test.ru")

    backend.add_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "subscribed"


def test_adding_does_not_resubscribe(backend_case: Any, backend: Any) -> None:
    if backend_case.backend is SESBackend:
        pytest.skip("moto overwrites a duplicate, AWS refuses it: see test_ses")
    backend_case.hold("cem@test.ru", unsubscribed=True)
    before = backend_case.state("cem@test.ru")

    backend.add_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == before


@pytest.mark.parametrize("email", ODD_ADDRESSES)
def test_address_arrives_intact(backend_case: Any, backend: Any, email: str) -> None:
    if backend_case.backend is SESBackend and "/" in email:
        pytest.skip("moto decodes %2F before it routes: see test_ses")
    assert normalise_address(email) == email
    assert backend.has_contact(email) is False

    backend.add_contact(email)

    assert backend_case.state(email) == "subscribed"
    assert backend.has_contact(email) is True


def test_removed_contact_is_gone_and_the_others_stay(backend_case: Any, backend: Any) -> None:
    backend_case.hold("another@test.ru")
    backend_case.hold("cem@test.ru")

    backend.remove_contact("cem@test.ru")

    assert (backend_case.state("cem@test.ru"), backend_case.state("another@test.ru")) == (
        "absent",
        "subscribed",
    )


def test_unsubscribed_contact_is_removed(backend_case: Any, backend: Any) -> None:
    backend_case.hold("cem@test.ru", unsubscribed=True)

    backend.remove_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "absent"


def test_removing_an_unknown_contact_is_no_error(backend_case: Any, backend: Any) -> None:
    backend_case.hold("another@test.ru")

    backend.remove_contact("cem@test.ru")

    assert backend_case.state("another@test.ru") == "subscribed"


@pytest.mark.parametrize("email", ODD_ADDRESSES)
def test_odd_address_is_removed(backend_case: Any, backend: Any, email: str) -> None:
    if backend_case.backend is SESBackend and "/" in email:
        pytest.skip("moto decodes %2F before it routes")
    backend_case.hold(email)

    backend.remove_contact(email)

    assert backend_case.state(email) == "absent"


def test_two_additions_at_once_both_succeed(backend_case: Any, backend: Any) -> None:
    start, failures = threading.Barrier(2), []

    def add() -> None:
        try:
            start.wait(10)
            backend.add_contact("cem@test.ru")
        except Exception as failure:  # noqa: BLE001 - asserted below
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert backend_case.state("cem@test.ru") == "subscribed"


def test_refused_address_is_rejected_for_good(backend_case: Any, backend: Any) -> None:
    if backend_case.backend is SESBackend:
        pytest.skip("moto refuses no address: see test_ses")

    with pytest.raises(ContactRejected):
        backend.add_contact(REFUSED)

    assert backend_case.state(REFUSED) == "absent"


def test_spent_budget_sends_no_request(backend_case: Any, backend: Any) -> None:
    if backend_case.backend is MockBackend:
        pytest.skip("the mock sends no requests")

    with time_budget(0), pytest.raises(ESPUnavailable, match="no time left"):
        backend.add_contact("cem@test.ru")

    assert backend_case.state("cem@test.ru") == "absent"
