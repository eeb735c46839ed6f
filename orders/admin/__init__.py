"""The admin of the order book."""

from orders.admin import customers, documents, letterheads, orders

__all__ = ["customers", "documents", "letterheads", "orders"]
