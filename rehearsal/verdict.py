"""Check from outside that every promise was kept: each problem is a broken promise."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import chain

import requests

from rehearsal.crowd import Crowd
from rehearsal.deployment import POISON, Deployment
from rehearsal.players import URL, Play, Players
from testing.server import wait_for

# As the console's "Deliver now", since the back-off may take an hour. A lease takes 30 seconds.
DELIVER_NOW = (
    "UPDATE games_game SET contact_due_at = now() WHERE contact_state = 'pending'"
    " AND contact_due_at > now() + interval '30 seconds'"
)
PENDING = f"SELECT count(*) FROM games_game WHERE contact_state = 'pending' AND email <> '{POISON}'"
# Ends the leases too, so no delivery may be running. Leaves out POISON, whose refusal would pause
# delivery for a minute. Ends a pause that has begun.
END_LEASES = (
    "UPDATE games_game SET contact_due_at = now() WHERE contact_state = 'pending'"
    f" AND email <> '{POISON}'; UPDATE games_deliverypause SET probe_at = now()"
)
PLAYS = "SELECT idempotency_key, email, number FROM games_play JOIN games_game g ON g.id = game_id"
UNORDERED = (
    "SELECT count(*) FROM (SELECT played_at < lag(played_at) OVER"
    " (PARTITION BY game_id ORDER BY number) AS earlier FROM games_play) AS plays WHERE earlier"
)

RAISED = re.compile(
    r"^([\w.]*(?:Error|DoesNotExist))\b", re.MULTILINE
)  # without its message, which may contain an address


class Verdict:
    """Compares the answers that players got with the database and the ESP."""

    def __init__(
        self, deployment: Deployment, players: Players, crowd: Crowd, *, hurried: bool
    ) -> None:
        self.deployment, self.players, self.crowd = deployment, players, crowd
        self.hurried = hurried
        self.sql = deployment.database.sql
        plays = self.sql(PLAYS)
        self.rows = {key: (email, number) for key, email, number in plays}
        self.recorded = Counter(email for _, email, _ in plays)
        self.plays = [*players.plays, *crowd.plays]
        self.sent = Counter(play.email for play in self.plays)

    def is_lost(self, play: Play) -> bool:
        return bool(play.answers) and play.key not in self.rows

    def is_double(self, play: Play) -> bool:
        """Return whether the database has more plays of this address than were sent."""
        return self.recorded[play.email] > self.sent[play.email]

    def problems(self) -> Iterator[str]:
        """Yield the problems; each is looked for only when it is asked for."""
        found = chain(self._plays(), self.crowd.problems(), self._contacts(), self._site())
        return (f"{number} {what}" for number, what in found if number)

    def _plays(self) -> Iterator[tuple[int, str]]:
        yield sum(map(self.is_lost, self.plays)), "acknowledged plays are not in the database"
        too_many = sum((self.recorded - self.sent).values())
        yield too_many, "plays are in the database that nobody played, or twice"
        unanswered = sum(not play.answers for play in self.players.plays)
        yield unanswered, "plays were never acknowledged"
        yield len(self.players.refusals), "plays were refused"
        crashes = sum(how == "500" for _, how in self.players.failures)
        raised = ", ".join(sorted(set(RAISED.findall(self.deployment.log()))))
        yield crashes, f"requests were answered 500 instead of 503 with Retry-After ({raised})"
        yield sum(map(self._is_misnumbered, self.plays)), "answers differ from the play's number"
        yield (
            self.sql(UNORDERED)[0][0],
            "plays have an earlier time than the one before",
        )
        try:
            self.deployment.manage("check_counts")
        except subprocess.CalledProcessError as error:
            yield 1, f"check of the counts: {error.stdout.decode()}{error.stderr.decode()}"

    def _is_misnumbered(self, play: Play) -> bool:
        expected = self.rows.get(play.key, (play.email, None))
        return any(
            (play.email, answer["games_count"]) != expected
            for answer in play.answers
            if expected[1] is not None
        )

    def _contacts(self) -> Iterator[tuple[int, str]]:
        if self.hurried:
            self._end_leases()
        else:
            self.sql(DELIVER_NOW)
        try:
            wait_for(lambda: self.sql(PENDING)[0][0] == 0, seconds=90)
        except AssertionError:
            yield self.sql(PENDING)[0][0], "contacts are still pending"
        contacts = requests.get(f"{self.deployment.esp}/_stats", timeout=5).json()["contacts"]
        missing = self.recorded.keys() - contacts.keys() - {POISON}
        yield len(missing), "addresses are not in the ESP"
        yield len(contacts.keys() - self.sent.keys()), "addresses are in the ESP that nobody left"
        yield sum(times != 1 for times in contacts.values()), "addresses are in the ESP twice"

    def _end_leases(self) -> None:
        """Deliver at once the contacts that killed processes had leased."""
        for delivery in self.deployment.deliveries:
            delivery.stop()
        self.sql(END_LEASES)
        for delivery in self.deployment.deliveries:
            delivery.start()

    def _site(self) -> Iterator[tuple[int, str]]:
        site = self.deployment.site
        page = requests.get(site, timeout=15)
        play = requests.post(site + URL, json={"email": "last@test.ru"}, timeout=15)
        yield sum(not answer.ok for answer in (page, play)), "of two last requests are not answered"
        yield self.deployment.log().count("canary"), "addresses are in the log"
