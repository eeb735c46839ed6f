"""What must always hold of the order book: each query returns the rows that break it."""

from __future__ import annotations

from stock.invariants import Invariant

INVARIANTS = (
    Invariant(
        "S04",
        "The quantity of a line with a product is reserved + waiting + shipped + cancelled; its reservation agrees.",
        """SELECT 'order line ' || line.id FROM orders_orderline line
           LEFT JOIN stock_reservation held ON held.reference = line.id
           WHERE <line.id|line.order_id>
             AND ((line.product_id IS NOT NULL
                   AND line.quantity <> line.reserved + line.waiting + line.shipped + line.cancelled)
                  OR line.reserved <> coalesce(held.quantity, 0))""",
        grows=("orders_orderline",),
    ),
    Invariant(
        "S04b",
        "Every reservation belongs to an order line.",
        """SELECT 'reservation ' || held.id FROM stock_reservation held
           LEFT JOIN orders_orderline line ON line.id = held.reference WHERE line.id IS NULL""",
    ),
    Invariant(
        "S07",
        "Every line of a shipment that moved stock has exactly one movement; one that was cancelled has one back.",
        """SELECT 'shipment line ' || part.id FROM orders_shipmentline part
           JOIN orders_shipment shipment ON shipment.id = part.shipment_id
           JOIN orders_orderline line ON line.id = part.order_line_id
           LEFT JOIN stock_stockmovement move ON move.reference = part.id AND move.reason = 'shipment'
           LEFT JOIN stock_stockmovement back ON back.reference = part.id AND back.reason = 'return'
           WHERE <part.id|shipment.order_id>
             AND ((line.product_id IS NOT NULL AND shipment.historical <> (move.id IS NULL))
                  OR move.quantity <> -part.quantity OR back.quantity <> part.quantity
                  OR (back.id IS NOT NULL) <> (shipment.cancelled_at IS NOT NULL AND move.id IS NOT NULL))""",
        grows=("orders_shipmentline",),
    ),
    Invariant(
        "S08",
        "Cancelled and complete orders hold no stock and wait for none.",
        """SELECT 'order ' || o.id FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
           WHERE <o.id|o.id> AND <line.order_id|line.order_id>
             AND o.status IN ('cancelled', 'complete') AND (line.reserved > 0 OR line.waiting > 0)""",
        grows=("orders_order",),
    ),
    Invariant(
        "S12",
        "An order's tab follows from its lines.",
        """SELECT 'order ' || o.id FROM orders_order o
           LEFT JOIN (SELECT order_id, sum(reserved) AS reserved, sum(waiting) AS waiting
                      FROM orders_orderline WHERE <order_id|order_id> AND product_id IS NOT NULL GROUP BY order_id) line
             ON line.order_id = o.id
           WHERE <o.id|o.id> AND o.status = 'processing'
             AND o.tab <> CASE WHEN coalesce(line.waiting, 0) = 0 THEN 'in_stock'
                               WHEN line.reserved > 0 THEN 'partial' ELSE 'backorder' END""",
        grows=("orders_order",),
    ),
    Invariant(
        "S13",
        "No line waits for a product that is available in the warehouse of its order.",
        """SELECT 'order line ' || line.id FROM orders_orderline line
           JOIN orders_order o ON o.id = line.order_id
           JOIN stock_stocklevel level ON level.product_id = line.product_id AND level.warehouse_id =
             coalesce(o.warehouse_id, (SELECT min(id) FROM stock_warehouse WHERE project_id = o.project_id))
           WHERE line.waiting > 0 AND level.on_hand > level.reserved""",
    ),
    Invariant(
        "S14",
        "What an order has reserved lies in its own warehouse, and is what its line asks for.",
        """WITH first AS (SELECT project_id, min(id) AS id FROM stock_warehouse GROUP BY project_id)
           SELECT 'reservation ' || held.id FROM stock_reservation held
           JOIN orders_orderline line ON line.id = held.reference
           JOIN orders_order o ON o.id = line.order_id
           JOIN first ON first.project_id = o.project_id
           JOIN stock_stocklevel level ON level.id = held.level_id
           WHERE level.warehouse_id <> coalesce(o.warehouse_id, first.id)
              OR level.product_id IS DISTINCT FROM line.product_id
           UNION ALL SELECT 'order ' || o.id || ' names the first warehouse' FROM orders_order o
           JOIN first ON first.id = o.warehouse_id""",
    ),
    Invariant(
        "R01",
        "Each import action has exactly its effects.",
        """SELECT 'order ' || o.id || ': ' || o.import_action FROM orders_order o
           LEFT JOIN (SELECT order_id, string_agg(effect, ',' ORDER BY effect) AS effects
                      FROM orders_ordereffect WHERE <order_id|order_id> GROUP BY order_id) done ON done.order_id = o.id
           WHERE <o.id|o.id> AND o.import_action <> '' AND coalesce(done.effects, '') <> CASE o.import_action
             WHEN 'valid' THEN 'reserve' WHEN 'hold' THEN 'reserve' WHEN 'invoice' THEN 'invoice,reserve'
             WHEN 'complete' THEN 'invoice,move,ship' WHEN 'history' THEN 'invoice,ship' ELSE '' END""",
        grows=("orders_order",),
    ),
    Invariant(
        "R02",
        "Every invoice, credit note and shipment has its cause: an effect of the import, or an entry in the history."
        " Shipments of one moment have one: they went to several addresses.",
        # What is there counts up, its causes down; every table is read once, by order.
        """SELECT 'order ' || order_id FROM (
             SELECT order_id, count(*) FILTER (WHERE document_type = 'invoice') AS invoices,
                    count(*) FILTER (WHERE document_type = 'credit_note') AS credits, 0 AS shipments
             FROM orders_invoice WHERE <order_id|order_id> GROUP BY order_id
             UNION ALL SELECT order_id, 0, 0, count(DISTINCT shipped_at)
             FROM orders_shipment WHERE <order_id|order_id> GROUP BY order_id
             UNION ALL SELECT order_id, -(effect = 'invoice')::int, 0, -(effect = 'ship')::int
             FROM orders_ordereffect WHERE <order_id|order_id> AND effect IN ('invoice', 'ship')
             UNION ALL SELECT order_id, -(kind IN ('invoiced', 'renewed'))::int,
                              -(kind IN ('credited', 'withdrawn'))::int, -(kind = 'shipped')::int
             FROM orders_orderevent WHERE <order_id|order_id>
               AND kind IN ('invoiced', 'renewed', 'credited', 'withdrawn', 'shipped')) told
           GROUP BY order_id HAVING sum(invoices) <> 0 OR sum(credits) <> 0 OR sum(shipments) <> 0""",
        grows=("orders_order",),
    ),
    Invariant(
        "R06",
        "What a line shows as shipped is what its standing shipments carry; no more came back.",
        """SELECT 'order line ' || line.id FROM orders_orderline line
           LEFT JOIN (SELECT part.order_line_id, sum(part.quantity) AS units FROM orders_shipmentline part
                      JOIN orders_shipment shipment ON shipment.id = part.shipment_id
                      WHERE <part.order_line_id|shipment.order_id> AND shipment.cancelled_at IS NULL
                      GROUP BY 1) sent ON sent.order_line_id = line.id
           WHERE <line.id|line.order_id>
             AND (line.returned > line.shipped
                  OR (line.shipped <> coalesce(sent.units, 0)
                      AND EXISTS (SELECT 1 FROM orders_shipment s WHERE s.order_id = line.order_id)))""",
        grows=("orders_orderline",),
    ),
    Invariant(
        "R07",
        "The lines of an order (discounts taken off), with shipping, fees and the residual, add up to its total.",
        """SELECT 'order ' || o.id FROM orders_order o
           LEFT JOIN (SELECT order_id, sum(total + tax) AS goods FROM orders_orderline
                      WHERE <order_id|order_id> GROUP BY order_id) line
             ON line.order_id = o.id
           WHERE <o.id|o.id>
             AND o.total <> coalesce(line.goods, 0) + o.shipping_total + o.shipping_tax + o.fee_total + o.fee_tax
                            + o.residual""",
        grows=("orders_order",),
    ),
    Invariant(
        "V01",
        "Document numbers are gapless and the series knows the last one.",
        """SELECT series.document_type || ' ' || series.year || ' of project ' || series.project_id
           FROM orders_numberseries series
           LEFT JOIN (SELECT project_id, document_type, year, min(number) AS low, max(number) AS high, count(*) AS n
                      FROM orders_invoice GROUP BY 1, 2, 3
                      UNION ALL
                      SELECT project_id, 'shipment', year, min(number), max(number), count(*)
                      FROM orders_shipment GROUP BY 1, 2, 3) used USING (project_id, document_type, year)
           WHERE coalesce(used.high, 0) <> series.last OR coalesce(used.n, 0) <> series.last
              OR (used.n > 0 AND used.low <> 1)""",
    ),
    Invariant(
        "V04",
        "The lines of an invoice, with shipping, fees and the residual, add up to its total, and so do their taxes.",
        """SELECT 'invoice ' || id FROM orders_invoice CROSS JOIN LATERAL (
             SELECT coalesce(sum((line ->> 'total')::numeric), 0) AS net,
                    coalesce(sum((line ->> 'tax')::numeric), 0) AS tax FROM jsonb_array_elements(lines) AS line) printed
           WHERE <id|order_id> AND (total <> net + tax OR (layout > 1 AND tax_total <> tax))""",
        grows=("orders_invoice",),
    ),
    Invariant(
        "V03",
        "Invoice dates follow their numbers, and the year is the year of issue.",
        """SELECT 'invoice ' || id FROM (
             SELECT id, issued_at, issue_date, year,
                    lag(issued_at) OVER (PARTITION BY project_id, document_type, year ORDER BY number) AS before
             FROM orders_invoice) numbered
           WHERE issued_at < before OR extract(year FROM issue_date) <> year""",
    ),
    Invariant(
        "V06",
        "At most one invoice of an order is not credited in full.",
        """SELECT 'order ' || order_id FROM (
             SELECT invoice.order_id FROM orders_invoice invoice
             LEFT JOIN orders_invoice note ON note.corrects_id = invoice.id
             WHERE <invoice.order_id|invoice.order_id> AND invoice.document_type = 'invoice'
             GROUP BY invoice.id HAVING coalesce(sum(note.total), 0) < invoice.total) standing
           GROUP BY order_id HAVING count(*) > 1""",
        grows=("orders_order",),
    ),
    Invariant(
        "V08",
        "Credit notes belong to an invoice of their order and take back no more than it charged, nor more of its tax.",
        """SELECT 'invoice ' || invoice.id FROM orders_invoice invoice
           JOIN orders_invoice note ON note.corrects_id = invoice.id
           WHERE <invoice.id|invoice.order_id> AND <note.corrects_id|invoice.order_id>
           GROUP BY invoice.id HAVING sum(note.total) > invoice.total OR sum(note.tax_total) > invoice.tax_total
             OR bool_or(note.order_id <> invoice.order_id) OR min(note.total) <= 0""",
        grows=("orders_invoice",),
    ),
    Invariant(
        "V09",
        "No line of an invoice is credited for more units than it charged.",
        """SELECT 'invoice ' || invoice_id FROM (
             SELECT note.corrects_id AS invoice_id, (line ->> 'of')::int AS place,
                    sum((line ->> 'quantity')::int) AS units
             FROM orders_invoice note, jsonb_array_elements(note.lines) AS line
             WHERE <note.corrects_id|note.order_id> AND note.corrects_id IS NOT NULL AND line ? 'of'
             GROUP BY 1, 2) credited
           JOIN orders_invoice invoice ON invoice.id = credited.invoice_id
           WHERE credited.units > coalesce((invoice.lines -> credited.place ->> 'quantity')::int, 0)""",
        grows=("orders_invoice",),
    ),
    Invariant(
        "E01",
        "Orders that came as history are never announced, and every announcement is of its order's project.",
        """SELECT 'announcement ' || told.id FROM orders_announcement told JOIN orders_order o ON o.id = told.order_id
           WHERE <told.id|told.order_id>
             AND (o.import_action IN ('history', 'api_history') OR o.project_id <> told.project_id)""",
        grows=("orders_announcement",),
    ),
    Invariant(
        "P01",
        "A customer's balance is the sum of the points ledger.",
        """SELECT 'customer ' || coalesce(summary.customer_id, moved.customer_id)
           FROM (SELECT customer_id, points FROM orders_customersummary WHERE <customer_id>) summary
           FULL JOIN (SELECT customer_id, sum(points) AS points FROM orders_pointsmovement
                      WHERE <customer_id> GROUP BY 1) moved ON moved.customer_id = summary.customer_id
           WHERE coalesce(summary.points, 0) <> coalesce(moved.points, 0)""",
        grows=("orders_customer",),
    ),
    Invariant(
        "P02",
        "Points belong to the customer of their entry, and what is taken back is what was given.",
        """SELECT 'points ' || move.id FROM orders_pointsmovement move
           LEFT JOIN orders_segmententry entry ON entry.id = move.entry_id
           LEFT JOIN orders_pointsmovement given ON given.id = move.takes_back_id
           WHERE <move.id> AND (entry.customer_id <> move.customer_id OR given.customer_id <> move.customer_id
              OR given.points <> -move.points OR given.order_id <> move.order_id)""",
        grows=("orders_pointsmovement",),
    ),
    Invariant(
        "P03",
        "An entry is of the segment and the customer of its stay.",
        """SELECT 'entry ' || entry.id FROM orders_segmententry entry
           JOIN orders_segmentmember member ON member.id = entry.member_id
           WHERE <entry.id> AND (entry.customer_id <> member.customer_id OR entry.segment_id <> member.segment_id
              OR entry.at < member.since)""",
        grows=("orders_segmententry",),
    ),
)
