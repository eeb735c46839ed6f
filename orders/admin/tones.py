"""Which colour says what, for orders."""

from __future__ import annotations

from orders.choices import InShop, OrderStatus, Tab

STATUS_TONES: dict[str, str] = {
    OrderStatus.PROCESSING: "info",
    OrderStatus.ON_HOLD: "warn",
    OrderStatus.CANCELLED: "plain",
    OrderStatus.COMPLETE: "good",
}
# In a column that says where.
IN_SHOP_WORDS: dict[str, str] = {InShop.CHANGED: "Changed", InShop.GONE: "Gone"}
IN_SHOP_TONES: dict[str, str] = {InShop.CHANGED: "warn", InShop.GONE: "bad"}
TAB_TONES: dict[str, str] = {
    Tab.IN_STOCK: "good",
    Tab.PARTIAL: "warn",
    Tab.BACKORDER: "bad",
    Tab.ON_HOLD: "plain",
}
