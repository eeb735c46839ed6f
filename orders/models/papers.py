"""What people of the house add to an order: notes and files. Buyers and shops never see them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orders.models.orders import Order


class OrderNote(models.Model):
    """An internal note, or a comment of the shop. Notes are not changed; a new one says what is different."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="notes")
    text = models.TextField(max_length=4000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()
    remote_key = models.CharField(max_length=100, blank=True, db_default="")
    """What the shop knows its comment by; "" for a note that was written here."""
    remote_author = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "remote_key"], condition=~models.Q(remote_key=""), name="comment_of_the_shop_once"
            )
        ]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text[:50]


class Attachment(models.Model):
    """A file kept with an order, in the database so that one backup holds everything."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=150)
    content_type = models.CharField(max_length=50)
    """Of the closed list of `orders.work.attachments`, found by content."""
    size = models.PositiveIntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64)
    """SHA-256, hexadecimal."""
    data = models.BinaryField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["order", "digest"], name="attachment_once_per_order")]

    def __str__(self) -> str:
        return self.name
