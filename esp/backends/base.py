"""The protocols that ESP backends follow."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

Fields = Mapping[str, Any]  # values of a contact's attributes by the vendor's names of them
NO_FIELDS: Fields = {}


def as_text(value: Any) -> str:
    """Return a value of Fields for an ESP that stores text. A truth value is 1 or 0."""
    return str(int(value) if isinstance(value, bool) else value)


class ESPBackend(Protocol):
    """An ESP; `settings.ESP_BACKEND` names the class.

    Addresses are normalised. All threads of a process share one instance. Methods raise only the
    errors of `esp.errors`, and end within a few seconds even if the ESP does not answer.
    """

    def has_contact(self, email: str) -> bool:
        """Return whether the ESP has the contact, in any state (also unsubscribed)."""
        ...

    def add_contact(self, email: str) -> None:
        """Add the contact. A contact that exists is not an error, and stays as it is."""
        ...


@runtime_checkable
class AddsOrFinds(Protocol):
    """An ESP whose answer to an addition tells whether the contact was there: one call, not two."""

    def add_or_find(self, email: str) -> bool:
        """Add the contact and return False; or leave it as it is and return True."""
        ...


class AddsInOneCall:
    """The other additions of a backend that has `add_or_find`."""

    add_or_find: Callable[..., bool]

    def add_contact(self, email: str) -> None:
        self.add_or_find(email)

    def add_contact_with(self, email: str, fields: Fields) -> None:
        self.add_or_find(email, fields)


@runtime_checkable
class AddsAgain(Protocol):
    """An ESP that needs several calls to add a contact, and so can be left half-way."""

    def add_again(self, email: str) -> None:
        """Finish an addition that an earlier attempt may have begun."""
        ...


@runtime_checkable
class SettlesMany(Protocol):
    """An ESP that takes many contacts in one call, and tells for each whether it was there."""

    bulk_size: int  # the most contacts of one call

    def settle_many(self, emails: Sequence[str]) -> Mapping[str, bool]:
        """Add the contacts that the ESP lacks; return for each whether it was there.

        Leave out a contact of which the answer says nothing, or nothing good: it is then settled by
        itself. Known contacts stay as they are.
        """
        ...


@runtime_checkable
class TakesFields(Protocol):
    """An ESP that stores attributes with a contact that it adds.

    A contact that exists keeps its own: what a visitor types must not overwrite what the agency
    knows. The methods of AddsOrFinds, AddsAgain and SettlesMany, where the backend has them, take
    `fields` as a second argument; for SettlesMany by address.
    """

    def add_contact_with(self, email: str, fields: Fields) -> None:
        """Add the contact with these attributes, as `add_contact` does without them."""
        ...


@runtime_checkable
class ListsFields(Protocol):
    """An ESP that knows only attributes that were made in it before, and lists them."""

    def field_names(self) -> Collection[str]:
        """Return the names that `fields` may have."""
        ...


@runtime_checkable
class ForgetsContacts(Protocol):
    """An ESP that can remove contacts. With any other ESP, staff remove them by hand."""

    def remove_contact(self, email: str) -> None:
        """Remove the contact and all its data. A contact that does not exist is not an error."""
        ...
