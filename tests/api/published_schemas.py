"""What Voucherify publishes of the answers of its API, as JSON Schema: names, types, and what is always there.

Facts of its OpenAPI document of August 2026. Answers may hold more than is named here. Four parts of that document can
hold no answer, not even its own examples; what they mean is described instead:

- The result of an async action must fit one of 22 shapes and no other, but many are alike: that of its type counts.
- The failed rows of an import of orders are an object there, and a list in the example.
- A value of a filter must fit one of five types and no other, but a text fits three of them: it may be any of them.
- The list of segments describes `segments` and requires `data`: the example has `data`.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
# Whatever is in it.
FREE: Schema = {"type": "object"}


def or_null(part: Schema) -> Schema:
    return part | {"type": [part["type"], "null"]}


def one_of(values: str) -> Schema:
    return {"type": "string", "enum": values.split()}


def list_of(part: Schema) -> Schema:
    return {"type": "array", "items": part}


def each(part: Schema, names: str) -> dict[str, Schema]:
    """The same for each of these names."""
    return dict.fromkeys(names.split(), part)


def an_object(parts: dict[str, Schema], required: str = "") -> Schema:
    return {"type": "object", "properties": parts, "required": required.split()}


def page(data_ref: str, required: str = "", **beside: Schema) -> Schema:
    """A list; its rows are held by themselves."""
    parts = {"object": one_of("list"), "data_ref": one_of(data_ref), data_ref: list_of(FREE), **beside}
    return an_object(parts, required)


PERSON = an_object({"id": TEXT, "object": one_of("customer")}, "id object")
ITEM = an_object(
    {
        **each(TEXT, "id sku_id product_id source_id"),
        **each(WHOLE, "quantity discount_quantity initial_quantity amount discount_amount initial_amount price"),
        **each(WHOLE, "applied_discount_amount applied_discount_quantity applied_quantity applied_quantity_amount"),
        "subtotal_amount": WHOLE,
        "related_object": one_of("product sku"),
        "product": an_object(
            {**each(TEXT, "id source_id name"), "override": YES_OR_NO, "price": NUMBER, "metadata": FREE}
        ),
        "sku": an_object({**each(TEXT, "id source_id sku"), "override": YES_OR_NO, "price": NUMBER, "metadata": FREE}),
        "metadata": FREE,
        "object": one_of("order_item"),
    },
    "object",
)
ORDER = an_object(
    {
        "id": TEXT,
        **each(or_null(TEXT), "source_id customer_id referrer_id"),
        "status": one_of("CREATED PAID CANCELED FULFILLED"),
        **each(WHOLE, "amount initial_amount discount_amount items_discount_amount total_discount_amount total_amount"),
        **each(WHOLE, "applied_discount_amount items_applied_discount_amount total_applied_discount_amount"),
        "items": list_of(ITEM),
        **each(PERSON, "customer referrer"),
        **each(FREE, "metadata redemptions"),
        "created_at": TIME,
        "updated_at": or_null(TIME),
        "object": one_of("order"),
    }
)
ORDERS = page("orders", "object data_ref orders total", total=WHOLE)

COUNTERS = (
    "total_redeemed total_failed total_succeeded total_rolled_back total_rollback_failed total_rollback_succeeded"
)
SUMS = "total_amount total_count average_amount last_order_amount"
PARTS_OF_ADDRESS = "city state line_1 line_2 country postal_code"
SUMMARY = an_object(
    {
        "redemptions": an_object(
            {
                **each(WHOLE, COUNTERS),
                "gift": an_object(each(WHOLE, "redeemed_amount amount_to_go"), "redeemed_amount amount_to_go"),
                "loyalty_card": an_object(each(WHOLE, "redeemed_points points_to_go"), "redeemed_points points_to_go"),
            },
            f"{COUNTERS} gift loyalty_card",
        ),
        "orders": an_object({**each(WHOLE, SUMS), "last_order_date": TIME}, SUMS),
    },
    "redemptions orders",
)
CUSTOMER = an_object(
    {
        **each(TEXT, "id source_id name description email phone"),
        **each(DAY, "birthday birthdate"),
        "address": or_null(an_object(each(TEXT, PARTS_OF_ADDRESS))),
        **each(FREE, "metadata system_metadata assets"),
        "summary": or_null(SUMMARY),
        "loyalty": or_null(
            an_object(
                {**each(WHOLE, "points referred_customers"), "campaigns": FREE}, "points referred_customers campaigns"
            )
        ),
        "referrals": or_null(an_object({"total": WHOLE, "campaigns": list_of(FREE)}, "total campaigns")),
        **each(TIME, "created_at updated_at"),
        "object": one_of("customer"),
    },
    "summary loyalty referrals object",
)
CUSTOMERS = page("customers", "object data_ref customers total", total=WHOLE, has_more=YES_OR_NO)
FORGOTTEN = "events customer_events daily_events segments orders order_events customer"
PERMANENT_DELETION = an_object(
    {
        **each(TEXT, "id related_object_id related_object status object"),
        "created_at": TIME,
        "data_json": an_object(each(WHOLE, FORGOTTEN), FORGOTTEN),
    },
    "id created_at related_object_id related_object status data_json object",
)

SKU = an_object(
    {
        **each(TEXT, "id product_id"),
        **each(or_null(TEXT), "source_id sku currency image_url"),
        "price": or_null(WHOLE),
        **each(FREE, "attributes metadata"),
        "created_at": TIME,
        "updated_at": or_null(TIME),
        "object": one_of("sku"),
    },
    "id source_id product_id sku price attributes image_url metadata created_at updated_at object",
)
SKUS = page("skus", "object data_ref skus total", total=WHOLE)
PRODUCT = an_object(
    {
        "id": TEXT,
        **each(or_null(TEXT), "source_id name image_url"),
        "price": or_null(WHOLE),
        "attributes": list_of(TEXT),
        "metadata": FREE,
        "created_at": TIME,
        "updated_at": or_null(TIME),
        "object": one_of("product"),
        "skus": an_object(
            {**each(TEXT, "object data_ref"), "data": list_of(SKU), "total": WHOLE}, "object data_ref data total"
        ),
    },
    "id source_id name price attributes metadata object",
)
PRODUCTS = page("products", "object data_ref products total", total=WHOLE)

SEGMENT = an_object(
    {
        **each(TEXT, "id name"),
        **each(TIME, "created_at updated_at"),
        "type": one_of("auto-update passive static"),
        "filter": or_null(FREE),
        "object": one_of("segment"),
    }
)
SEGMENTS = page("data", "object data_ref data total", total=WHOLE)
SEGMENT_OF_CUSTOMER = an_object({**each(TEXT, "id name"), "object": one_of("segment")}, "id name object")

CONDITIONS: Schema = FREE | {"additionalProperties": list_of({"type": ["string", "number", "object"]})}
FILTERS: Schema = FREE | {
    "properties": {"junction": one_of("and or")},
    "additionalProperties": an_object({"conditions": CONDITIONS}),
}


def parameters(orders: str, fields: str) -> Schema:
    order = one_of(" ".join(f"{name} -{name}" for name in orders.split()))
    return an_object({"order": order, "fields": list_of(one_of(fields)), "filters": FILTERS})


OF_ORDERS = parameters(
    "created_at updated_at status",
    "id source_id created_at updated_at status amount discount_amount items_discount_amount total_discount_amount"
    " total_amount customer_id referrer_id metadata",
)
OF_CUSTOMERS = parameters(
    "name id email source_id created_at updated_at",
    "name id description email source_id created_at updated_at phone birthday birthdate metadata "
    + " ".join(f"address_{name}" for name in PARTS_OF_ADDRESS.split())
    + " "
    + " ".join(f"redemptions_{name}" for name in COUNTERS.split())
    + " "
    + " ".join(f"orders_{name}" for name in f"{SUMS} last_order_date".split())
    + " loyalty_points loyalty_referred_customers",
)
EXPORT = {
    "id": TEXT,
    "object": one_of("export"),
    "created_at": TIME,
    "status": one_of("SCHEDULED IN_PROGRESS DONE ERROR"),
    "channel": TEXT,
    "result": or_null(an_object({"url": TEXT}, "url")),
    "user_id": or_null(TEXT),
    "exported_object": one_of("order customer voucher redemption publication points_expiration voucher_transactions"),
}
# The answer to POST.
ASKED = {"status": one_of("SCHEDULED"), "result": or_null(FREE), "user_id": TEXT}


def export(kind: str, *, asked: bool = False) -> Schema:
    """An export of rows of one kind, or the answer to the wish for it."""
    own = {"order": OF_ORDERS, "customer": OF_CUSTOMERS}.get(kind, FREE)
    parts = EXPORT | (ASKED if asked else {}) | {"parameters": own}
    return an_object(parts, "id object created_at status result user_id exported_object")


EXPORTS = page("exports", "object data_ref exports total", total=WHOLE)

BULK_PARTS = {**each(WHOLE, "done_count failed_count"), "reports": list_of(TEXT), "reports_available_till": TIME}
FAILED_ROW = an_object(each(TEXT, "message details key source_id"), "message details key source_id")
BULK_RESULT = an_object({**BULK_PARTS, "errors": list_of(FAILED_ROW)}, " ".join([*BULK_PARTS, "errors"]))
# The counts and the report are in its example alone.
METADATA_RESULT = an_object(
    {**BULK_PARTS, "errors": list_of(an_object(each(TEXT, "message details key"), "message details key"))}, "errors"
)
IMPORT_RESULT = an_object(
    {
        "message": TEXT,
        "failed": list_of(an_object(each(TEXT, "source_id reason"))),
        **each(WHOLE, "done_count failed_count"),
    }
)
RESULTS = {
    "ORDERS.IMPORT": IMPORT_RESULT,
    "CUSTOMERS.BULK_UPDATE": BULK_RESULT,
    "CUSTOMERS.METADATA_UPDATE": METADATA_RESULT,
    "PRODUCTS.BULK_UPDATE": BULK_RESULT,
    "PRODUCTS.METADATA_UPDATE": METADATA_RESULT,
}
LISTED_ACTION = an_object(
    {
        **each(TEXT, "id request_id"),
        # Of its 22 types those of calls that there are here.
        "type": one_of(" ".join(RESULTS)),
        "status": one_of("DONE ENQUEUED FAILED IN_PROGRESS"),
        "operation_status": one_of("FAILED SUCCESS UNKNOWN"),
        **each(TIME, "created_at updated_at"),
        "processing_time": WHOLE,
        "progress": WHOLE | {"minimum": 0, "maximum": 100},
        "object": one_of("async_action"),
    }
)
ACTIONS = page("async_actions", has_more=YES_OR_NO)
ACTION = {
    kind: LISTED_ACTION | {"properties": LISTED_ACTION["properties"] | {"result": result}}
    for kind, result in RESULTS.items()
}
ASKED_ACTION = an_object({"async_action_id": TEXT}, "async_action_id")

PROBLEM = an_object(
    {
        "code": WHOLE,
        **each(TEXT, "key message details request_id resource_id resource_type"),
        "error": an_object({"message": TEXT}),
    },
    "code message",
)
TOO_LARGE = an_object({"statusCode": WHOLE, **each(TEXT, "error message")})
