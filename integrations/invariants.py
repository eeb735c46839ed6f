"""What must always hold of remote orders, runs and tenancy: each query returns the rows that break it."""

from __future__ import annotations

from orders import invariants as orders
from stock import invariants as stock
from stock.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I01",
        "At most one order per remote order.",
        """SELECT 'remote order ' || remote_order_id FROM orders_order WHERE remote_order_id IS NOT NULL
           GROUP BY remote_order_id HAVING count(*) > 1""",
    ),
    Invariant(
        "I02",
        "One row per order of a shop.",
        """SELECT 'integration ' || integration_id || ', ' || external_id FROM integrations_remoteorder
           GROUP BY integration_id, external_id HAVING count(*) > 1""",
    ),
    Invariant(
        "I04",
        "A remote order is imported exactly when its order exists.",
        """SELECT 'remote order ' || seen.id FROM integrations_remoteorder seen
           LEFT JOIN orders_order o ON o.remote_order_id = seen.id
           WHERE <seen.id|o.id> AND (seen.state = 'imported') <> (o.id IS NOT NULL)""",
        grows=("integrations_remoteorder",),
    ),
    Invariant(
        "I05",
        "Every remote order says why it is where it is; failed ones were tried, dismissed ones by somebody, or erased.",
        """SELECT 'remote order ' || id FROM integrations_remoteorder
           WHERE <id> AND (reason = '' OR reason_code = '' OR (state = 'failed' AND attempts < 1)
              OR (state = 'ignored' AND action = '')
              OR (state = 'dismissed' AND decided_by_id IS NULL AND erased_at IS NULL))""",
        grows=("integrations_remoteorder",),
    ),
    Invariant(
        "I07",
        "What a finished run fetched is what it created, updated, left, put to review, ignored and failed.",
        """SELECT 'run ' || id FROM integrations_run
           WHERE state NOT IN ('waiting', 'running')
             AND kind IN ('load', 'retry', 'open_orders', 'fetch', 'orders_import')
             AND fetched <> created + updated + unchanged + pending + ignored + failed""",
    ),
    Invariant(
        "I08",
        "One open run per integration and kind.",
        """SELECT 'integration ' || integration_id || ', ' || kind FROM integrations_run
           WHERE state IN ('waiting', 'running') AND integration_id IS NOT NULL
           GROUP BY integration_id, kind HAVING count(*) > 1""",
    ),
    Invariant(
        "B01",
        "A partner's import names every row that failed, and keeps no orders once it is over and the tick has come.",
        """SELECT 'run ' || r.id FROM integrations_run r JOIN integrations_bulkimport b ON b.run_id = r.id
           WHERE r.failed <> (SELECT count(*) FROM integrations_bulkfailure f WHERE f.bulk_import_id = r.id)
           UNION ALL SELECT 'run ' || r.id FROM integrations_run r
           WHERE r.finished_at < now() - interval '10 minutes'
             AND EXISTS (SELECT 1 FROM integrations_bulkportion p WHERE p.bulk_import_id = r.id)""",
    ),
    Invariant(
        "B02",
        "A project has one import of partners running at a time.",
        """SELECT 'project ' || project_id FROM integrations_run
           WHERE kind = 'orders_import' AND state = 'running' GROUP BY project_id HAVING count(*) > 1""",
    ),
    Invariant(
        "I09",
        "No run is left without a worker for more than two minutes.",
        """SELECT 'run ' || id FROM integrations_run
           WHERE state = 'running' AND lease_until < now() - interval '2 minutes'""",
    ),
    Invariant(
        "I12",
        "A finished run has a time; one that did not succeed a reason.",
        """SELECT 'run ' || id FROM integrations_run
           WHERE state NOT IN ('waiting', 'running')
             AND (finished_at IS NULL OR finished_at < created_at OR (state <> 'succeeded' AND reason = ''))""",
    ),
    Invariant(
        "I14",
        "An order that is older than the newest document of its shop says so.",
        """SELECT 'order ' || o.id FROM orders_order o JOIN integrations_remoteorder seen ON seen.id = o.remote_order_id
           WHERE <o.id|o.id> AND o.shop_changed_at IS NULL AND seen.erased_at IS NULL
             AND seen.stamp > o.remote_modified_at""",
        grows=("orders_order",),
    ),
    Invariant(
        "C01",
        "What a shop was told is what it was to be told, and when.",
        """SELECT 'crossing ' || id FROM integrations_crossing
           WHERE state = 'sent' AND (told_version <> version OR sent_at IS NULL)""",
    ),
    Invariant(
        "C02",
        "An order is handed on into exactly one shop.",
        """SELECT 'remote order ' || seen.id FROM integrations_remoteorder seen
           LEFT JOIN integrations_crossing c ON c.kind = 'order' AND c.subject = seen.id
           WHERE seen.state = 'handed_on' GROUP BY seen.id HAVING count(c.id) <> 1""",
    ),
    Invariant(
        "C03",
        "An order that was handed on is in the book once at most, and no other is the same order of its shop.",
        """SELECT 'remote order ' || min(c.subject) FROM integrations_crossing c
           LEFT JOIN integrations_remoteorder seen
             ON seen.integration_id = c.integration_id AND seen.external_id = c.remote_id
           LEFT JOIN orders_order o ON o.remote_order_id = seen.id
           WHERE c.kind = 'order' AND c.remote_id <> ''
           GROUP BY c.integration_id, c.remote_id HAVING count(*) > 1""",
    ),
    Invariant(
        "E02",
        "A delivery has as many tries on record as it counts, and one that was delivered an answer of 2xx.",
        """SELECT 'delivery ' || d.id FROM integrations_webhookdelivery d
           LEFT JOIN integrations_deliveryattempt a ON a.delivery_id = d.id
           WHERE <d.id> GROUP BY d.id HAVING count(a.id) <> d.attempts_made
             OR (d.state = 'delivered' AND count(*) FILTER (WHERE a.status BETWEEN 200 AND 299) = 0)""",
        grows=("integrations_webhookdelivery",),
    ),
    Invariant(
        "T01",
        "Whatever belongs to an order belongs to its project.",
        """SELECT 'order ' || o.id FROM orders_order o JOIN integrations_integration i ON i.id = o.integration_id
           WHERE <o.id|o.id> AND o.project_id <> i.project_id
           UNION ALL SELECT 'order of customer ' || c.id FROM orders_order o
           JOIN orders_customer c ON c.id = o.customer_id WHERE <o.id|o.id> AND o.project_id <> c.project_id
           UNION ALL SELECT 'order of referrer ' || c.id FROM orders_order o
           JOIN orders_customer c ON c.id = o.referrer_id WHERE <o.id|o.id> AND o.project_id <> c.project_id
           UNION ALL SELECT 'warehouse of order ' || o.id FROM orders_order o
           JOIN stock_warehouse w ON w.id = o.warehouse_id WHERE <o.id|o.id> AND o.project_id <> w.project_id
           UNION ALL SELECT 'order line ' || l.id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
           JOIN stock_product p ON p.id = l.product_id WHERE <l.id|l.order_id> AND o.project_id <> p.project_id
           UNION ALL SELECT 'invoice ' || i.id FROM orders_invoice i JOIN orders_order o ON o.id = i.order_id
           WHERE <i.id|i.order_id> AND i.project_id <> o.project_id
           UNION ALL SELECT 'shipment ' || s.id FROM orders_shipment s JOIN orders_order o ON o.id = s.order_id
           WHERE <s.id|s.order_id> AND s.project_id <> o.project_id
           UNION ALL SELECT 'letterhead of invoice ' || i.id FROM orders_invoice i
           JOIN orders_letterhead h ON h.id = i.letterhead_id WHERE <i.id|i.order_id> AND i.project_id <> h.project_id
           UNION ALL SELECT 'letterhead of shipment ' || s.id FROM orders_shipment s
           JOIN orders_letterhead h ON h.id = s.letterhead_id
           WHERE <s.id|s.order_id> AND s.project_id <> h.project_id""",
        grows=("orders_order", "orders_orderline", "orders_invoice", "orders_shipment"),
    ),
    Invariant(
        "T02",
        "Whatever else belongs together belongs to the same project.",
        """SELECT 'remote order ' || r.id FROM integrations_remoteorder r
           JOIN integrations_integration i ON i.id = r.integration_id WHERE <r.id> AND r.project_id <> i.project_id
           UNION ALL SELECT 'run ' || r.id FROM integrations_run r
           JOIN integrations_integration i ON i.id = r.integration_id WHERE <r.id> AND r.project_id <> i.project_id
           UNION ALL SELECT 'import ' || b.run_id FROM integrations_bulkimport b
           JOIN integrations_run r ON r.id = b.run_id WHERE <r.id> AND b.project_id <> r.project_id
           UNION ALL SELECT 'export ' || e.run_id FROM integrations_export e
           JOIN integrations_run r ON r.id = e.run_id WHERE <r.id> AND e.project_id <> r.project_id
           UNION ALL SELECT 'delivery ' || d.id FROM integrations_webhookdelivery d
           JOIN integrations_webhookendpoint e ON e.id = d.endpoint_id WHERE <d.id> AND d.project_id <> e.project_id
           UNION ALL SELECT 'shop of routing rule ' || r.id FROM orders_routingrule r
           JOIN integrations_integration i ON i.id = r.integration_id WHERE <r.id> AND r.project_id <> i.project_id
           UNION ALL SELECT 'routing rule ' || r.id FROM orders_routingrule r
           JOIN stock_warehouse w ON w.id = r.warehouse_id WHERE <r.id> AND r.project_id <> w.project_id
           UNION ALL SELECT 'movement ' || m.id FROM stock_stockmovement m JOIN stock_stocklevel l ON l.id = m.level_id
           JOIN stock_product p ON p.id = l.product_id WHERE <m.id> AND m.project_id <> p.project_id
           UNION ALL SELECT 'stock level ' || l.id FROM stock_stocklevel l JOIN stock_product p ON p.id = l.product_id
           JOIN stock_warehouse w ON w.id = l.warehouse_id WHERE <l.id> AND p.project_id <> w.project_id""",
        grows=(
            "integrations_remoteorder",
            "integrations_run",
            "integrations_webhookdelivery",
            "orders_routingrule",
            "stock_stockmovement",
            "stock_stocklevel",
        ),
    ),
)

ALL = (*INVARIANTS, *orders.INVARIANTS, *stock.INVARIANTS)


def broken() -> dict[str, list[str]]:
    """Violations by invariant id and sentence; empty when everything holds."""
    found = {f"{invariant.id} {invariant.sentence}": invariant.violations() for invariant in ALL}
    return {name: rows for name, rows in found.items() if rows}
