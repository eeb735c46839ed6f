"""Every state of the order book, with its meaning."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices


class OrderStatus(TextChoices):
    PROCESSING = "processing", "Processing"
    ON_HOLD = "on_hold", "On hold"
    CANCELLED = "cancelled", "Cancelled"
    COMPLETE = "complete", "Complete"


# Somebody may still work on these.
ORDER_OPEN = (OrderStatus.PROCESSING, OrderStatus.ON_HOLD)


class Tab(TextChoices):
    """Where an open order waits in preparation; complete and cancelled orders are in none."""

    IN_STOCK = "in_stock", "In stock"
    """Every line that needs stock is fully reserved."""
    PARTIAL = "partial", "Partial"
    """Some units are reserved."""
    BACKORDER = "backorder", "Backorder"
    """No unit is reserved."""
    ON_HOLD = "on_hold", "On hold"
    NONE = "", "None"


class Effect(TextChoices):
    """What an import does once and only once per order."""

    RESERVE = "reserve", "Stock reserved"
    INVOICE = "invoice", "Invoice issued"
    SHIP = "ship", "Shipment made"
    MOVE = "move", "Stock moved"


class InShop(TextChoices):
    """What a person should look at, because the shop says otherwise."""

    CHANGED = "changed", "Changed in the shop"
    GONE = "gone", "Gone in the shop"


class DocumentType(TextChoices):
    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"
    SHIPMENT = "shipment", "Shipment"


DOCUMENT_PREFIX = {DocumentType.INVOICE: "IN", DocumentType.CREDIT_NOTE: "CR", DocumentType.SHIPMENT: "SH"}


class Layout(IntegerChoices):
    """How a document is set on paper. One that is issued keeps its layout, so that it prints the same for ever."""

    FIRST = 1, "First"
    """Countries as codes, no rates of tax; taxes of lines may add up to another sum than the document's."""
    SECOND = 2, "Second"
    """Rates of tax by line and in sum, columns that add up, countries by name, remarks on packing slips."""
    THIRD = 3, "Third"
    """Packing slips have the number of the order as a barcode; invoices are as in the second."""


class EventKind(TextChoices):
    IMPORTED = "imported", "Imported"
    ACCEPTED = "accepted", "Buyer accepted"
    STOCK_SERVED = "stock_served", "Stock arrived"
    HELD = "held", "Put on hold"
    RELEASED = "released", "Released"
    CANCELLED = "cancelled", "Cancelled"
    REOPENED = "reopened", "Reopened"
    EDITED = "edited", "Edited"
    REROUTED = "rerouted", "Warehouse changed"
    SYNCHRONIZED = "synchronized", "Synchronized with the shop"
    FOLLOWED = "followed", "Changed by the shop"
    LOOKED_AT = "looked_at", "Change in the shop looked at"
    GONE = "gone", "Gone in the shop"
    BACK = "back", "Back in the shop"
    REVERTED = "reverted", "Synchronization taken back"
    SHIPPED = "shipped", "Shipped"
    UNSHIPPED = "unshipped", "Shipment cancelled"
    INVOICED = "invoiced", "Invoice issued"
    CREDITED = "credited", "Credit note issued"
    RENEWED = "renewed", "Invoice issued anew"
    WITHDRAWN = "withdrawn", "Invoice taken back to be issued anew"
    NOTED = "noted", "Note"
    PRINTED = "printed", "Printed"
    PAID = "paid", "Marked as paid"
    NOT_PAID = "not_paid", "Marked as not paid"
    HANDED_OVER = "handed_over", "Sent to the warehouse"


# What overwrote an order from its shop, and can be taken back.
TAKEN_OVER = (EventKind.SYNCHRONIZED, EventKind.FOLLOWED)


class Part(TextChoices):
    """The parts of an order that can be edited here, and that the shop may change as well."""

    PAYMENT = "payment", "Payment method"
    SHIPPING_METHOD = "shipping_method", "Shipping method"
    BILLING = "billing", "Billing address"
    SHIPPING = "shipping", "Shipping address"
    ITEMS = "items", "Items and amounts"
    NOTE = "note", "Note of the buyer"
    METADATA = "metadata", "Metadata"


class AnnouncementKind(TextChoices):
    """What is told of a live order.

    Endpoints may be told of those that begin with "customer." Source: the order events of Voucherify's published
    webhooks. The others are for the shops that orders came from.
    """

    CREATED = "customer.order.created", "Order created"
    PAID = "customer.order.paid", "Order paid"
    UPDATED = "customer.order.updated", "Order updated"
    CANCELED = "customer.order.canceled", "Order canceled"
    SHIPPED = "order.shipped", "Shipment made, changed or cancelled"
    PAPER_ISSUED = "order.paper_issued", "Invoice or credit note issued"
    MARKED_PAID = "order.marked_paid", "Marked as paid here"


class SegmentKind(TextChoices):
    AUTOMATIC = "automatic", "Automatic"
    """Whoever meets the conditions, kept up to date."""
    STATIC = "static", "By hand"


class Junction(TextChoices):
    """How the conditions of a segment are joined."""

    ALL = "all", "All conditions must be met"
    ANY = "any", "One condition is enough"


class EarningTrigger(TextChoices):
    """What earns points. Orders: live ones only, never imported history."""

    SEGMENT_ENTERED = "segment_entered", "Entering a segment"
    ORDER_CREATED = "order_created", "An order that came in"
    ORDER_PAID = "order_paid", "An order that was paid"


class PointsReason(TextChoices):
    EARNED = "earned", "Earned by a rule"
    TAKEN_BACK = "taken_back", "Taken back: order cancelled"
    ADJUSTED = "adjusted", "Adjusted by hand"
