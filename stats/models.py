"""Totals of plays that have been added up, so that no page counts millions of plays."""

from django.db import models

from serving.addresses import MAX_LENGTH


class HourlyTotal(models.Model):
    """Numbers to add to one hour. The total of an hour is the sum of its rows.

    Rows are only ever added: when a day is closed, when staff change the past (the difference,
    which may be negative), and when players are erased (what would vanish with their rows). They
    contain no personal data.
    """

    hour = models.DateTimeField(db_index=True)  # when the hour began, by the site's clock
    plays = models.IntegerField(default=0)
    new_players = models.IntegerField(default=0)  # first plays of an address
    # Of erased players only; the others are counted in the players' table itself.
    erased_found = models.IntegerField(default=0)  # by contact state, in the hour of the first play
    erased_added = models.IntegerField(default=0)
    erased_rejected = models.IntegerField(default=0)
    erased_last = models.IntegerField(default=0)  # by the hour of the last play of all
    erased_daily = models.IntegerField(default=0)  # by the hour of the last play of each day

    def __str__(self) -> str:
        return f"{self.hour}"


class DomainTotal(models.Model):
    """How many players of a mailbox domain first played before the watermark.

    A domain without players has no row: the domain of an erased person may name the person.
    """

    domain = models.CharField(max_length=MAX_LENGTH, primary_key=True)
    players = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.domain


class Watermark(models.Model):
    """The one row that says until when plays are in the totals."""

    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="watermark_single")]

    def __str__(self) -> str:
        return f"{self.until}"
