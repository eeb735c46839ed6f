"""Every order ever seen at an integration, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from integrations.choices import ImportAction, RemoteState
from integrations.models.runs import Run
from integrations.models.shops import Integration
from integrations.models.tenancy import Project


class RemoteOrder(models.Model):
    """One row per order ever seen; exactly one state, with a reason a person can read."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="remote_orders", db_index=False)
    integration = models.ForeignKey(Integration, models.CASCADE, related_name="remote_orders", db_index=False)
    external_id = models.CharField(max_length=255)
    number = models.CharField(max_length=100, blank=True)
    status = models.CharField("remote status", max_length=100, blank=True)
    stamp = models.DateTimeField("modified in the shop", null=True, blank=True)
    placed_at = models.DateTimeField(null=True, blank=True)
    buyer = models.CharField(max_length=200, blank=True)
    buyer_key = models.CharField(max_length=100, blank=True)
    """What the shop calls the buyer; "" for guests."""
    currency = models.CharField(max_length=3, blank=True)
    total = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    payload = models.TextField(blank=True)
    """The newest JSON document of the shop, as sent; "" once it was removed, see `importing.documents`."""
    taken = models.TextField(blank=True, db_default="")
    """While its order is marked as changed in the shop: the document it was last written from; "" where unknown."""
    digest = models.BinaryField(max_length=16)
    """BLAKE2b-128 of `payload`; zeros once it was removed."""
    state = models.CharField(max_length=20, choices=RemoteState)
    reason_code = models.CharField(max_length=50)
    reason = models.CharField(max_length=500)
    subject = models.CharField(max_length=255, blank=True)
    """What the reason is about, e.g. a SKU, a payment code, a remote status: one cause is a code and a subject."""
    action = models.CharField("rule", max_length=20, choices=ImportAction, blank=True)
    """The rule's action when it was last decided."""
    retry = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="remote_orders")
    search = SearchVectorField(editable=False, default="", db_default="")
    """Folded words of an order that is not in the book, see `orders.search`; "" for those that are."""
    erased_at = models.DateTimeField(null=True, blank=True)
    """The person behind it was erased: from then on no document of this order is kept, and it is not taken in."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration", "external_id"], name="remote_order_once"),
            models.CheckConstraint(condition=Q(state__in=RemoteState.values), name="remote_order_state"),
            models.CheckConstraint(condition=~Q(reason=""), name="remote_order_has_reason"),
        ]
        indexes = [
            models.Index(
                fields=["project", "state", "-changed_at", "-id"],
                condition=~Q(state=RemoteState.IMPORTED),
                name="remote_order_not_imported",
            ),
            models.Index(
                fields=["project", "state", "integration", "reason_code", "subject", "first_seen_at"],
                include=["currency", "total", "next_attempt_at"],
                condition=Q(state__in=[RemoteState.FAILED, RemoteState.IGNORED]),
                name="remote_order_cause",
            ),
            models.Index(
                fields=["integration", "next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="remote_order_due",
            ),
            models.Index(fields=["project", "number"], name="remote_order_number"),
            # ... WHERE project = 1 AND state = 'pending' ORDER BY id DESC: lists of the API by their state.
            models.Index(
                fields=["project", "state", "-id"],
                condition=~Q(state=RemoteState.IMPORTED),
                name="remote_order_newest",
            ),
            # ... WHERE project = 1 AND changed_at >= ... ORDER BY changed_at DESC, id DESC: what changed, of any state.
            models.Index(fields=["project", "-changed_at", "-id"], name="remote_order_by_change"),
            models.Index(
                fields=["project", "changed_at"], condition=Q(reason_code="accepted"), name="remote_order_accepted"
            ),
            GinIndex(fields=["search"], condition=~Q(state=RemoteState.IMPORTED), name="remote_order_search"),
            models.Index(fields=["integration", "buyer_key"], condition=~Q(buyer_key=""), name="remote_order_buyer"),
        ]
        permissions = [
            ("retry_remoteorder", "Can retry failed and ignored orders"),
            ("review_remoteorder", "Can fetch, accept and dismiss orders"),
        ]

    def __str__(self) -> str:
        return self.number or self.external_id

    @property
    def missing_document(self) -> str:
        """Why there is no document to look at, a sentence for staff; "" where there is one."""
        if self.payload:
            return ""
        if self.erased_at is not None:
            return "The shop's document was erased with the person behind this order, and is not stored again."
        return "The shop's document is not kept any more: documents of settled orders go after a time that is set."
