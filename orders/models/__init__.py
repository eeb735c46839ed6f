from orders.models.announcements import Announcement
from orders.models.documents import Invoice, NumberSeries, Shipment, ShipmentLine
from orders.models.letterheads import Letterhead
from orders.models.orders import Customer, Order, OrderEffect, OrderEvent, OrderLine
from orders.models.papers import Attachment, OrderNote
from orders.models.points import EarningRule, PointsMovement
from orders.models.preparations import Preparation, PreparedLine, PreparedOrder
from orders.models.routes import RoutingRule
from orders.models.segments import CustomerSummary, DueCustomer, Segment, SegmentEntry, SegmentMember

__all__ = [
    "Announcement",
    "Attachment",
    "Customer",
    "CustomerSummary",
    "DueCustomer",
    "EarningRule",
    "Invoice",
    "Letterhead",
    "NumberSeries",
    "Order",
    "OrderEffect",
    "OrderEvent",
    "OrderLine",
    "OrderNote",
    "PointsMovement",
    "Preparation",
    "PreparedLine",
    "PreparedOrder",
    "RoutingRule",
    "Segment",
    "SegmentEntry",
    "SegmentMember",
    "Shipment",
    "ShipmentLine",
]
