"""Every kind of row that partners export, by its published name."""

from __future__ import annotations

from collections.abc import Mapping

from orders.exported.article_rows import PRODUCTS, SKUS
from orders.exported.customer_rows import CUSTOMERS
from orders.exported.describing import Exported
from orders.exported.order_rows import ORDERS

EXPORTED: Mapping[str, Exported] = {each.name: each for each in (ORDERS, CUSTOMERS, PRODUCTS, SKUS)}
