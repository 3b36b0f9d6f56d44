"""What the program asks of an ESP."""

from typing import Protocol, runtime_checkable


class ESPBackend(Protocol):
    """An ESP that holds contacts; `settings.ESP_BACKEND` names the class that plays this part.

    Addresses arrive normalised. One instance serves all threads of a process. A method raises
    nothing but the errors of `esp.errors`, and returns within a few seconds whatever the ESP does.
    """

    def has_contact(self, email: str) -> bool:
        """Return whether the ESP has the contact, in whatever state (also unsubscribed)."""
        ...

    def add_contact(self, email: str) -> None:
        """Add the contact. One already there is not an error, and is left as it is."""
        ...


@runtime_checkable
class ForgetsContacts(Protocol):
    """What an ESP may be able to do besides; where it is not, somebody must do it by hand."""

    def remove_contact(self, email: str) -> None:
        """Erase the contact with all that is known of it. One that is not there is not an error."""
        ...
