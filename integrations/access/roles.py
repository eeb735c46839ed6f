"""What each role may do. One table; the admin, the API and the commands all ask it."""

from __future__ import annotations

from integrations.choices import Role

VIEW = frozenset(
    {
        "integrations.view_erasurerequest",
        "integrations.view_exchangedfile",
        "integrations.view_apikey",
        "integrations.view_integration",
        "integrations.view_statusrule",
        "integrations.view_feed",
        "integrations.view_buyerentry",
        "integrations.view_distribution",
        "integrations.view_mailoptout",
        "integrations.view_message",
        "integrations.view_codelistentry",
        "integrations.view_crossing",
        "integrations.view_shoparticle",
        "integrations.view_remoteorder",
        "integrations.view_run",
        "integrations.view_webhookdelivery",
        "integrations.view_webhookendpoint",
        "orders.view_customer",
        "orders.view_earningrule",
        "orders.view_invoice",
        "orders.view_letterhead",
        "orders.view_order",
        "orders.view_orderevent",
        "orders.view_orderline",
        "orders.view_pointsmovement",
        "orders.view_preparation",
        "orders.view_routingrule",
        "orders.view_segment",
        "orders.view_shipment",
        "orders.view_shipmentline",
        "stock.view_product",
        "stock.view_reservation",
        "stock.view_stocklevel",
        "stock.view_stockmovement",
        "stock.view_stockposting",
        "stock.view_stocktransfer",
        "stock.view_warehouse",
    }
)
ORDERS = frozenset(
    {
        "integrations.cancel_run",
        "integrations.edit_mappings",
        "integrations.change_buyerentry",
        "integrations.change_distribution",
        "integrations.change_mailoptout",
        "integrations.load_orders",
        "integrations.resend_message",
        "integrations.retry_remoteorder",
        "integrations.review_remoteorder",
        "integrations.synchronize",
        "orders.add_attachment",
        "orders.add_invoice",
        "orders.add_ordernote",
        "orders.add_earningrule",
        "orders.add_pointsmovement",
        "orders.add_segment",
        "orders.change_order",
        "orders.change_attachment",
        "orders.change_earningrule",
        "orders.change_segment",
    }
)
SHIPPING = frozenset({"integrations.send_crossing", "orders.add_shipment", "orders.change_shipment"})
STOCK = frozenset({"stock.add_product", "stock.add_stocktransfer", "stock.change_product", "stock.receive_stock"})
SETTINGS = frozenset(
    {
        "integrations.add_apikey",
        "integrations.view_accessevent",
        "integrations.add_integration",
        "integrations.invite_people",
        "integrations.add_statusrule",
        "integrations.add_webhookendpoint",
        "integrations.change_feed",
        "integrations.change_integration",
        "integrations.change_mailserver",
        "integrations.change_statusrule",
        "integrations.change_webhookendpoint",
        "integrations.resend_webhookdelivery",
        "integrations.revoke_apikey",
        "integrations.share_savedview",
        "orders.change_letterhead",
        "orders.change_routingrule",
        "integrations.settle_erasurerequest",
        "integrations.erase_person",
        "stock.add_warehouse",
        "stock.change_warehouse",
    }
)

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.READ_ONLY: VIEW,
    Role.WAREHOUSE: VIEW | STOCK | SHIPPING,
    Role.ORDER_STAFF: VIEW | ORDERS | SHIPPING,
    Role.IMPORT_ADMIN: VIEW | ORDERS | SHIPPING | STOCK | SETTINGS,
}
