"""Who asked for a letter with a link to a new password, until the letter is sent."""

from __future__ import annotations

from django.db import models


class PasswordRequest(models.Model):
    """One request, written for every address alike, whether anybody has it or not. Deleted when it is worked off."""

    email = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    next_try_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Request {self.pk}"  # the address does not belong into logs
