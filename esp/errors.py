"""The errors of a call to the ESP.

Their texts are for the operator. They are stored and logged, and contain no address and no key.
"""


class ESPError(Exception):
    """A call to the ESP failed.

    `retry_after`: the seconds after which the ESP may be asked again, if it named them.
    `answered`: the ESP answered, and the failure concerns this contact as far as one can tell.
    `half_done`: the contact was made, but not all that belongs to it.
    """

    answered = False

    def __init__(
        self,
        reason: str = "",
        *,
        retry_after: float | None = None,
        answered: bool = False,
        half_done: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.answered = answered or self.answered
        self.half_done = half_done


class ESPUnavailable(ESPError):
    """The ESP timed out or failed. A retry may succeed."""


class RateLimited(ESPUnavailable):
    """The ESP limits our calls. Nothing is wrong: wait as long as it asks."""


class ESPCallSkipped(ESPError):
    """The call was not made: the breaker is open, or too many calls are under way."""


class ContactRejected(ESPError):
    """The ESP refuses this address for good. A retry would change nothing."""

    answered = True


class ESPMisconfigured(ESPError):
    """The key, a right or the list is wrong: no call can succeed until an operator acts."""
