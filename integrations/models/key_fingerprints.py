"""By which keys this database is read and signed, without the keys."""

from __future__ import annotations

from django.db import models

from config.kit import true_time


class KeyFingerprint(models.Model):
    """A key of the site's programs, told by what nobody can compute back.

    Written by `integrations.keyring.site_keys` only.
    """

    kind = models.CharField(max_length=10)
    """`signing` or `encryption`."""
    digest = models.CharField(max_length=64)
    since = models.DateTimeField(default=true_time.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "digest"], name="key_fingerprint_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"
