"""How far the nightly cleaning has come."""

from __future__ import annotations

from django.db import models


class CleaningRound(models.Model):
    """The last round of one kind of cleaning, see `integrations.retention`; a row each."""

    name = models.CharField(max_length=40, primary_key=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    """None: the round is under way."""
    after = models.BigIntegerField(default=0)
    """Rows up to this primary key were looked at in this round."""
    cleaned = models.IntegerField(default=0)
    """How many rows this round has cleaned."""

    def __str__(self) -> str:
        return self.name
