"""Lists of the admin as people keep them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.kit import true_time
from integrations.models.tenancy import Project


class SavedView(models.Model):
    """A list under a name: what it is filtered, searched and sorted by, and its columns.

    Without a name it is how a person sees the list where no view is open; then only the columns count.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="saved_views", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="saved_views"
    )
    """Whose it is; None: everybody's in the project."""
    list_name = models.CharField(max_length=60)
    """As in "orders_order"."""
    name = models.CharField(max_length=60, blank=True)
    parameters: models.Field[Any, Any] = models.JSONField(default=dict, blank=True)
    """Of the address: {"tab": ["in_stock"], "q": ["anna"], "o": ["-placed"]}, sorted by names of columns."""
    columns: models.Field[Any, Any] = models.JSONField(default=list, blank=True)
    """Names in no order; []: those the list has of itself."""
    created_at = models.DateTimeField(default=true_time.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "list_name", "person", "name"], name="view_of_a_person_once"),
            models.UniqueConstraint(
                fields=["project", "list_name", "name"], condition=Q(person=None), name="view_of_the_project_once"
            ),
            models.CheckConstraint(condition=~Q(name="") | Q(person__isnull=False), name="shared_view_has_a_name"),
        ]
        permissions = [("share_savedview", "Can share views with the project")]

    def __str__(self) -> str:
        return self.name
