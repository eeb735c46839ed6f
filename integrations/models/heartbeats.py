"""Signs of life of the processes that work."""

from __future__ import annotations

from django.db import models

from integrations.choices import Process


class Heartbeat(models.Model):
    """One process that works, and when it last did. Written by `integrations.runs.liveness` only."""

    kind = models.CharField(max_length=10, choices=Process)
    name = models.CharField(max_length=100, unique=True)
    """Its machine and number."""
    at = models.DateTimeField()
    """On the database's clock."""
    ahead = models.FloatField(default=0)
    """Seconds by which its machine's clock was ahead of the database's."""
