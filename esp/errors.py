"""What can go wrong with an ESP.

The text of each is for the operator, is stored and logged, and names neither address nor key.
"""


class ESPError(Exception):
    """The ESP did not do what it was asked."""


class ESPUnavailable(ESPError):
    """Try again later: it timed out, failed, or asks us to slow down.

    `retry_after` is the number of seconds that the ESP itself named, or None. `answered` says that
    it is about this one address: the ESP works, and others may be asked for.
    """

    def __init__(
        self, reason: str, *, retry_after: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.answered = answered


class NotAsked(ESPError):
    """This process may not ask the ESP now; the call was not made."""


class ContactRejected(ESPError):
    """The ESP refuses this address for good; asking again changes nothing."""


class ESPMisconfigured(ESPError):
    """The key or the list is wrong: no contact gets through until an operator acts."""
