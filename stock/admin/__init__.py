"""The admin of stock: products and the ledger of movements. `base` is what every admin of a project stands on."""

from stock.admin import movements, products

__all__ = ["movements", "products"]
