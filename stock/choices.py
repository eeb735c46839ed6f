"""Every state of the stock app, with its meaning."""

from __future__ import annotations

from django.db.models import TextChoices


class MovementReason(TextChoices):
    RECEIPT = "receipt", "Receipt"
    """Goods came in."""
    SHIPMENT = "shipment", "Shipment"
    """Goods left with a shipment line; `reference` is that line's id."""
    ADJUSTMENT = "adjustment", "Adjustment"
    """Somebody counted and found another number; `note` says why."""
    TAKE_OVER = "take_over", "Taken over"
    """A shop's quantity was taken over, or taken back again; `note` names the shop."""
    TRANSFER_OUT = "transfer_out", "Transferred away"
    """Goods left for another warehouse of the project; `reference` is the transfer's id."""
    TRANSFER_IN = "transfer_in", "Transferred in"
    """The same goods came there."""
    RETURN = "return", "Return"
    """Goods came back: a shipment was taken back (`reference` is its line's id), or the buyer sent them (a note)."""


class PostingKind(TextChoices):
    """What people book for several products at once."""

    RECEIPT = "receipt", "Goods received"
    COUNT = "count", "Stock count"
