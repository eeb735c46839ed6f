from orders.models.documents import Invoice, NumberSeries, Shipment, ShipmentLine
from orders.models.orders import Customer, Order, OrderEffect, OrderEvent, OrderLine

__all__ = [
    "Customer",
    "Invoice",
    "NumberSeries",
    "Order",
    "OrderEffect",
    "OrderEvent",
    "OrderLine",
    "Shipment",
    "ShipmentLine",
]
