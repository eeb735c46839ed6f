"""The admin of the order book."""

from orders.admin import customers, documents, orders

__all__ = ["customers", "documents", "orders"]
