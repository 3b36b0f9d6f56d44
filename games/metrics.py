"""Counters of plays, limits and delivery."""

from prometheus_client import Counter

PLAYS = Counter(
    "esp_mail_plays",
    "Plays answered: new, returning, or repeated (the same request once more, not counted).",
    ["player", "esp_status"],
)
DELIVERED = Counter(
    "esp_mail_delivered", "Contacts tried by delivery, by what came of it.", ["state"]
)
GIVEN_UP = Counter(
    "esp_mail_given_up", "Contacts given up by delivery: they failed while others got through."
)
LIMITED = Counter("esp_mail_limited", "Plays refused, by the limit that they met.", ["limit"])
LIMITS_AWAY = Counter("esp_mail_limits_unchecked", "Plays let in unchecked, Redis being away.")
IGNORED_FIELDS = Counter(
    "esp_mail_ignored_fields", "Fields of plays that were not stored: unknown, or a wrong value."
)
