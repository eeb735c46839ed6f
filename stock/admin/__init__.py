"""The admin of stock: products, warehouses, the ledger of movements, goods received or counted together."""

from stock.admin import movements, posting_pages, products, warehouse_pages

__all__ = ["movements", "posting_pages", "products", "warehouse_pages"]
