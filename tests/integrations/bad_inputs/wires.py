"""Where each platform writes what in the orders of a page, so that one table of bad values serves them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Wire:
    page: tuple[str, ...]
    """The way to the list of orders in an answer."""
    fields: Mapping[str, tuple[Path, ...]]
    """The ways to what a row calls "total", "name", ... in one order; every one of them is set."""
    lacks: Mapping[str, str] = field(default_factory=dict)
    """Why a field of the table is not here."""
    beside: tuple[str, ...] = ()
    """Lists of their own that belong to orders; a way into an entry of theirs begins with the list's name."""
    date: str = "{0}-{1}-{2}T{3}Z"
    """How year, month, day and time are written."""

    is_xml: bool = False
    """Whether it is XML-RPC, whose values are spoiled as JSON: see `xml_rpc`."""

    def written(self, value: str) -> str:
        """A piece of JSON as the platform writes it: "<2026-02-03T10:00:00>" is a date."""
        if not value.startswith("<"):
            return value
        day, _, time = value.strip("<>").partition("T")
        year, month, of_month = day.split("-")
        return json.dumps(self.date.format(year, month, of_month, time, MONTHS[int(month) - 1]))


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WOOCOMMERCE = Wire(
    page=(),
    fields={
        "id": (("id",),),
        "total": (("total",),),
        "currency": (("currency",),),
        "status": (("status",),),
        "placed": (("date_created_gmt",),),
        "modified": (("date_modified_gmt",), ("date_modified",)),
        "paid": (("date_paid_gmt",),),
        "name": (("billing", "last_name"),),
        "title": (("payment_method_title",),),
        "note": (("customer_note",),),
        "email": (("billing", "email"),),
        "country": (("billing", "country"),),
        "phone": (("billing", "phone"),),
        "billing": (("billing",),),
        "shipping": (("shipping",),),
        "customer": (("customer_id",),),
        "lines": (("line_items",),),
        "line name": (("line_items", 0, "name"),),
        "sku": (("line_items", 0, "sku"),),
        "quantity": (("line_items", 0, "quantity"),),
        "pairs": (("meta_data",),),
    },
)
SHOPIFY = Wire(
    page=("data", "orders", "nodes"),
    fields={
        "id": (("id",), ("legacyResourceId",)),
        "total": (
            ("currentTotalPriceSet", "presentmentMoney", "amount"),
            ("totalPriceSet", "presentmentMoney", "amount"),
        ),
        "currency": (("presentmentCurrencyCode",), ("currencyCode",)),
        "status": (("displayFinancialStatus",),),
        "placed": (("createdAt",),),
        "modified": (("updatedAt",),),
        "paid": (("transactions", 0, "processedAt"),),
        "name": (("billingAddress", "lastName"),),
        "title": (("shippingLines", "nodes", 0, "title"),),
        "note": (("note",),),
        "email": (("email",),),
        "country": (("billingAddress", "countryCodeV2"),),
        "phone": (("phone",),),
        "billing": (("billingAddress",),),
        "shipping": (("shippingAddress",),),
        "customer": (("customer", "id"),),
        "lines": (("lineItems", "nodes"),),
        "line name": (("lineItems", "nodes", 0, "name"),),
        "sku": (("lineItems", "nodes", 0, "sku"),),
        "quantity": (("lineItems", "nodes", 0, "currentQuantity"), ("lineItems", "nodes", 0, "quantity")),
        "pairs": (("customAttributes",),),
    },
)
BIGCOMMERCE = Wire(
    page=(),
    fields={
        "id": (("id",),),
        "total": (("total_inc_tax",),),
        "currency": (("default_currency_code",), ("currency_code",)),
        "status": (("status_id",),),
        "placed": (("date_created",),),
        "modified": (("date_modified",),),
        "name": (("billing_address", "last_name"),),
        "title": (("payment_method",),),
        "note": (("customer_message",),),
        "email": (("billing_address", "email"),),
        "country": (("billing_address", "country_iso2"), ("billing_address", "country")),
        "phone": (("billing_address", "phone"),),
        "billing": (("billing_address",),),
        "shipping": (("consignments", "shipping", 0, "city"),),
        "customer": (("customer_id",),),
        "lines": (("consignments", "shipping", 0, "line_items"),),
        "line name": (("consignments", "shipping", 0, "line_items", 0, "name"),),
        "sku": (("consignments", "shipping", 0, "line_items", 0, "sku"),),
        "quantity": (("consignments", "shipping", 0, "line_items", 0, "quantity"),),
        "pairs": (("billing_address", "form_fields"),),
    },
    date="Mon, {2} {4} {0} {3} +0000",
    lacks={"paid": "BigCommerce does not say when an order was paid"},
)
EBAY = Wire(
    page=("orders",),
    fields={
        "id": (("orderId",),),
        "total": (("pricingSummary", "total", "value"),),
        "currency": (("pricingSummary", "total", "currency"),),
        "status": (("orderPaymentStatus",),),
        "placed": (("creationDate",),),
        "modified": (("lastModifiedDate",),),
        "paid": (("paymentSummary", "payments", 0, "paymentDate"),),
        "name": (("buyer", "buyerRegistrationAddress", "fullName"),),
        "title": (("paymentSummary", "payments", 0, "paymentMethod"),),
        "note": (("buyerCheckoutNotes",),),
        "email": (("buyer", "buyerRegistrationAddress", "email"),),
        "country": (("buyer", "buyerRegistrationAddress", "contactAddress", "countryCode"),),
        "phone": (("buyer", "buyerRegistrationAddress", "primaryPhone", "phoneNumber"),),
        "billing": (("buyer", "buyerRegistrationAddress"),),
        "shipping": (("fulfillmentStartInstructions", 0, "shippingStep"),),
        "customer": (("buyer", "username"),),
        "lines": (("lineItems",),),
        "line name": (("lineItems", 0, "title"),),
        "sku": (("lineItems", 0, "sku"),),
        "quantity": (("lineItems", 0, "quantity"),),
        "pairs": (("lineItems", 0, "variationAspects"),),
    },
)
ECWID = Wire(
    page=("items",),
    fields={
        "id": (("id",),),
        "total": (("total",),),
        "status": (("paymentStatus",),),
        "placed": (("createDate",), ("createTimestamp",)),
        "modified": (("updateDate",), ("updateTimestamp",)),
        "name": (("billingPerson", "lastName"),),
        "title": (("paymentMethod",),),
        "note": (("orderComments",),),
        "email": (("email",),),
        "country": (("billingPerson", "countryCode"), ("billingPerson", "countryName")),
        "phone": (("billingPerson", "phone"),),
        "billing": (("billingPerson",),),
        "shipping": (("shippingPerson",),),
        "customer": (("customerId",),),
        "lines": (("items",),),
        "line name": (("items", 0, "name"),),
        "sku": (("items", 0, "sku"),),
        "quantity": (("items", 0, "quantity"),),
        "pairs": (("orderExtraFields",),),
    },
    date="{0}-{1}-{2} {3} +0000",
    lacks={
        "currency": "Ecwid's orders carry no currency: it is the store's",
        "paid": "Ecwid does not say when an order was paid",
    },
)
PAYPAL = Wire(
    page=("transaction_details",),
    fields={
        "id": (("transaction_info", "transaction_id"),),
        "total": (("transaction_info", "transaction_amount", "value"),),
        "currency": (("transaction_info", "transaction_amount", "currency_code"),),
        "status": (("transaction_info", "transaction_status"),),
        "placed": (("transaction_info", "transaction_initiation_date"),),
        "paid": (("transaction_info", "transaction_updated_date"),),
        "name": (("payer_info", "payer_name", "surname"),),
        "title": (("shipping_info", "method"),),
        "note": (("transaction_info", "transaction_note"),),
        "email": (("payer_info", "email_address"),),
        "country": (("payer_info", "country_code"),),
        "phone": (("payer_info", "phone_number", "national_number"),),
        "billing": (("payer_info", "address"),),
        "shipping": (("shipping_info", "address"),),
        "customer": (("payer_info", "account_id"),),
        "lines": (("cart_info", "item_details"),),
        "line name": (("cart_info", "item_details", 0, "item_name"),),
        "sku": (("cart_info", "item_details", 0, "item_code"),),
        "quantity": (("cart_info", "item_details", 0, "item_quantity"),),
    },
    lacks={
        "modified": "PayPal lists by when a payment began; its updated date is optional (row field: paid)",
        "pairs": "PayPal has one custom text and no key-value extras",
    },
)
MAGENTO2 = Wire(
    page=("items",),
    fields={
        "id": (("entity_id",),),
        "total": (("grand_total",),),
        "currency": (("order_currency_code",),),
        "status": (("status",), ("state",)),
        "placed": (("created_at",),),
        "modified": (("updated_at",),),
        "name": (("billing_address", "lastname"),),
        "title": (("shipping_description",),),
        "note": (("customer_note",),),
        "email": (("customer_email",), ("billing_address", "email")),
        "country": (("billing_address", "country_id"),),
        "phone": (("billing_address", "telephone"),),
        "billing": (("billing_address",),),
        "shipping": (("extension_attributes", "shipping_assignments", 0, "shipping", "address"),),
        "customer": (("customer_id",),),
        "lines": (("items",),),
        "line name": (("items", 0, "name"),),
        "sku": (("items", 0, "sku"),),
        "quantity": (("items", 0, "qty_ordered"),),
    },
    date="{0}-{1}-{2} {3}",
    lacks={
        "paid": "Magento does not say in an order when it was paid",
        "pairs": "Magento's extras are fields of extension_attributes: connectors/magento2/test_orders.py",
    },
)
PRESTASHOP = Wire(
    page=("orders",),
    beside=("addresses",),
    fields={
        "id": (("id",),),
        "total": (("total_paid",), ("total_paid_tax_incl",)),
        "status": (("current_state",),),
        "placed": (("date_add",),),
        "modified": (("date_upd",),),
        "name": (("addresses", "lastname"),),
        "title": (("payment",),),
        "note": (("gift_message",),),
        "phone": (("addresses", "phone"),),
        "billing": (("id_address_invoice",),),
        "shipping": (("id_address_delivery",),),
        "customer": (("id_customer",),),
        "lines": (("associations", "order_rows"),),
        "line name": (("associations", "order_rows", 0, "product_name"),),
        "sku": (("associations", "order_rows", 0, "product_reference"),),
        "quantity": (("associations", "order_rows", 0, "product_quantity"),),
    },
    date="{0}-{1}-{2} {3}",
    lacks={
        "currency": "PrestaShop's orders name their currency by an id: connectors/prestashop/test_orders.py",
        "country": "addresses name their country by an id: connectors/prestashop/test_orders.py",
        "email": "e-mails are the customers', whom orders share: connectors/prestashop/test_orders.py",
        "paid": "payments are a list of their own: connectors/prestashop/test_orders.py",
        "pairs": "PrestaShop's orders have no key-value extras",
    },
)
MAGENTO1 = Wire(
    page=(),
    fields={
        **MAGENTO2.fields,
        "id": (("increment_id",),),
        "shipping": (("shipping_address",),),
    },
    date="{0}-{1}-{2} {3}",
    lacks={
        "paid": "Magento does not say in an order when it was paid",
        "pairs": "Magento's extras are fields of the order: connectors/magento1/test_orders.py",
    },
    is_xml=True,
)
WIRES = {
    "woocommerce": WOOCOMMERCE,
    "shopify": SHOPIFY,
    "bigcommerce": BIGCOMMERCE,
    "ebay": EBAY,
    "ecwid": ECWID,
    "paypal": PAYPAL,
    "magento2": MAGENTO2,
    "prestashop": PRESTASHOP,
    "magento1": MAGENTO1,
}
