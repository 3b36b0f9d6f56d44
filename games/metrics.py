"""What is counted of plays, limits and delivery."""

from prometheus_client import Counter

PLAYS = Counter(
    "esp_mail_plays",
    "Plays answered: new, returning, or repeated (the same request once more, not counted).",
    ["player", "esp_status"],
)
DELIVERED = Counter(
    "esp_mail_delivered", "Contacts tried by delivery, by what came of it.", ["state"]
)
LIMITED = Counter("esp_mail_limited", "Plays refused, by the limit that they met.", ["limit"])
LIMITS_AWAY = Counter("esp_mail_limits_unchecked", "Plays let in unchecked, Redis being away.")
