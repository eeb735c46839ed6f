from orders.models.documents import Invoice, NumberSeries, Shipment, ShipmentLine
from orders.models.letterheads import Letterhead
from orders.models.orders import Customer, Order, OrderEffect, OrderEvent, OrderLine

__all__ = [
    "Customer",
    "Invoice",
    "Letterhead",
    "NumberSeries",
    "Order",
    "OrderEffect",
    "OrderEvent",
    "OrderLine",
    "Shipment",
    "ShipmentLine",
]
