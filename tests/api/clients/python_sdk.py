"""Calls every function of a published Python SDK about what is offered here; writes what became of each as JSON.

A program of its own, for several versions of the SDK have one name: run with the version wanted on the path.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import time
import warnings
from typing import Any

voucherify: Any = importlib.import_module("voucherify")
GROUPS = ("AsyncActionsApi", "CustomersApi", "EventsApi", "ExportsApi", "OrdersApi", "ProductsApi", "SegmentsApi")
# Variants of a function, for those who want the answer otherwise.
VARIANTS = ("_with_http_info", "_without_preload_content")
CUSTOMER, PRODUCT, SKU = {"source_id": "c-1", "name": "Ana"}, {"source_id": "p-1", "name": "Tea"}, {"source_id": "s-1"}
ORDER = {"source_id": "o-1", "status": "PAID", "amount": 700, "customer": CUSTOMER}
# In this order: what is made is read, changed, listed, and at last deleted. Nobody is forgotten while an import waits.
CALLS: dict[str, dict[str, Any]] = {
    "customer_permanently_deletion": {"customer_id": "c-2"},
    "create_order": {"orders_create_request_body": ORDER},
    "get_order": {"order_id": "o-1"},
    "update_order": {"order_id": "o-1", "orders_update_request_body": {"status": "CANCELED"}},
    "list_orders": {"limit": 5, "page": 1, "order": "-created_at"},
    "import_orders": {"orders_import_create_request_body_item": [{"source_id": "h-1", "amount": 5}]},
    "list_async_actions": {"limit": 5},
    "get_async_action": {"async_action_id": "<async_action>"},
    "create_order_export": {"orders_export_create_request_body": {"parameters": {"fields": ["id", "status"]}}},
    "create_export": {"exports_create_request_body": {"exported_object": "order", "parameters": {"fields": ["id"]}}},
    "get_export": {"export_id": "<export>"},
    "download_export": {"export_id": "<export>", "token": "<token>"},
    "list_exports": {"limit": 5, "page": 1, "order": "-created_at"},
    "delete_export": {"export_id": "<export>"},
    "create_customer": {"customers_create_request_body": CUSTOMER | {"address": {"city": "Lund"}}},
    "get_customer": {"customer_id": "c-1"},
    "update_customer": {"customer_id": "c-1", "customers_update_request_body": {"name": "Ana Lind"}},
    "list_customers": {"limit": 5, "city": "Lund", "order": "-updated_at"},
    "list_customer_segments": {"customer_id": "c-1"},
    "list_customer_activity": {"customer_id": "c-1"},
    "list_customer_redeemables": {"customer_id": "c-1"},
    "update_customers_in_bulk": {"customers_update_in_bulk_request_body": [{"source_id": "c-2", "name": "Bo"}]},
    "update_customers_metadata_in_bulk": {
        "customers_metadata_update_in_bulk_request_body": {"source_ids": ["c-1"], "metadata": {"tier": "gold"}}
    },
    "import_customers_using_csv": {"file": b"name,source_id\nBo,c-3\n"},
    "track_custom_event": {"events_create_request_body": {"event": "visited", "customer": CUSTOMER}},
    "create_segment": {"segments_create_request_body": {"name": "Readers", "type": "static", "customers": ["c-1"]}},
    "get_segment": {"segment_id": "<segment>"},
    "delete_segment": {"segment_id": "<segment>"},
    "create_product": {"products_create_request_body": PRODUCT},
    "get_product": {"product_id": "p-1"},
    "update_product": {"product_id": "p-1", "products_update_request_body": {"price": 900}},
    "list_products": {"limit": 5, "page": 1, "order": "-created_at"},
    "create_sku": {"product_id": "p-1", "products_skus_create_request_body": SKU | {"price": 850}},
    "get_sku": {"sku_id": "s-1"},
    "update_sku": {"product_id": "p-1", "sku_id": "s-1", "products_skus_update_request_body": {"price": 860}},
    "list_skus_in_product": {"product_id": "p-1", "limit": 5},
    "update_products_in_bulk": {"products_update_in_bulk_request_body": [{"source_id": "p-2", "name": "Mate"}]},
    "update_products_metadata_in_bulk": {
        "products_metadata_update_in_bulk_request_body": {"source_ids": ["p-1"], "metadata": {"origin": "IN"}}
    },
    "import_products_using_csv": {"file": b"name,source_id\nMate,p-3\n"},
    "import_skus_using_csv": {"file": b"sku,source_id\nMate,s-3\n"},
    "delete_sku": {"product_id": "p-1", "sku_id": "s-1"},
    "delete_product": {"product_id": "p-1", "force": True},
    "delete_customer": {"customer_id": "c-1"},
}  # fmt: skip
# Whose ids later calls name.
MADE = {"import_orders": "async_action", "create_export": "export", "create_segment": "segment"}


def main() -> None:
    warnings.simplefilter("ignore")  # of the SDK's own models
    configuration = voucherify.Configuration(
        host=os.environ["URL"], api_key={"X-App-Id": os.environ["APP_ID"], "X-App-Token": os.environ["TOKEN"]}
    )
    found: dict[str, str] = {}
    ids: dict[str, str] = {}
    with voucherify.ApiClient(configuration) as client:
        functions = dict(offered(client))
        for name in [name for name in CALLS if name in functions] + sorted(set(functions) - set(CALLS)):
            if name == "customer_permanently_deletion":
                functions["create_customer"](**bodies(functions["create_customer"], {
                    "customers_create_request_body": {"source_id": "c-2"}
                }))  # fmt: skip
            if name == "download_export":
                ids["<token>"] = token_of_the_file(functions["get_export"], ids["<export>"])
            found[name], answer = outcome(functions[name], name, ids)
            if name in MADE and answer is not None:
                ids[f"<{MADE[name]}>"] = getattr(answer, "id", None) or answer.async_action_id
    json.dump({"version": voucherify.__version__, "found": found}, sys.stdout)


def token_of_the_file(get_export: Any, export_id: str) -> str:
    """Once the file is there, which somebody else writes."""
    for _ in range(300):
        export = get_export(export_id)
        if export.result is not None:
            return str(export.result.url).partition("token=")[2]
        time.sleep(0.2)
    raise SystemExit("the export does not end")


def offered(client: Any) -> Any:
    for group in GROUPS:
        api = getattr(voucherify, group)(client)
        for name in dir(api):
            if not name.startswith("_") and not name.endswith(VARIANTS) and inspect.ismethod(getattr(api, name)):
                yield name, getattr(api, name)


def outcome(function: Any, name: str, ids: dict[str, str]) -> tuple[str, Any]:
    if name not in CALLS:
        return "other: no call of it is written", None
    values = {key: ids.get(value, value) if isinstance(value, str) else value for key, value in CALLS[name].items()}
    try:
        return "works", function(**bodies(function, values))
    except voucherify.ApiException as error:
        told = json.loads(error.body or "{}")
        named = "Offered: " in told.get("details", "") or error.status == 405
        return ("not offered" if named and error.status in {404, 405} else f"other: {error.status} {told}"), None
    except (AttributeError, TypeError, ValueError) as error:  # of an answer that its models do not take
        return f"other: {type(error).__name__} {error}"[:500], None


def bodies(function: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the parameters that this version takes; bodies as its models, without fields that are not set."""
    taken = inspect.signature(function).parameters
    return {key: value for key, value in values.items() if key in taken}


if __name__ == "__main__":
    main()
