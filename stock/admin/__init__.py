"""The admin of stock: products, warehouses and the ledger of movements."""

from stock.admin import movements, products, warehouse_pages

__all__ = ["movements", "products", "warehouse_pages"]
