"""The admin of stock: products and the ledger of movements."""

from stock.admin import movements, products

__all__ = ["movements", "products"]
