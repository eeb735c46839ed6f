"""The access log: who came in, who did not, and what they changed about how people come in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Func
from django.db.models.functions import Upper

from config.kit import true_time
from integrations.choices import AccessKind
from integrations.models.tenancy import Account


class AccessEvent(models.Model):
    """One event. The database refuses to change it, and to delete it but by `access_log.clear_old`."""

    at = models.DateTimeField(default=true_time.now, db_index=True)
    kind = models.CharField(max_length=20, choices=AccessKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="access_events", verbose_name="person"
    )
    """Whom it is about; None where a name was typed that nobody has."""
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="access_events")
    """Whose key or shop it is about. None: it is about the person, in whatever account they are."""
    name = models.CharField(max_length=150, blank=True)
    """The name as it was then, or as it was typed."""
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    """What the browser said it is, cut."""
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="access_event_of_person"),
            models.Index(fields=["account", "-id"], name="access_event_of_account"),
            # ... WHERE kind = 'key_made' AND ... ORDER BY id DESC: few are of most kinds.
            models.Index(fields=["kind", "-id"], name="access_event_by_kind"),
            # ... WHERE UPPER(name) LIKE 'JANA%' OR HOST(address) LIKE '10.0.%': the list's search.
            models.Index(OpClass(Upper("name"), "text_pattern_ops"), name="access_event_by_name"),
            models.Index(OpClass(Func("address", function="HOST"), "text_pattern_ops"), name="access_event_by_address"),
            models.Index(
                fields=["name", "address", "at"],
                condition=models.Q(kind=AccessKind.LOGIN),
                name="access_event_known_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
