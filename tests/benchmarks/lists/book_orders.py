"""The order book of a world: customers, goods, orders with their lines, documents and history.

Row k belongs to `other` where k % 20 = 0. Orders lie evenly over two years; the newest three of a hundred are open, and
of the older ones few. Names, cities and one domain are frequent words, numbers and addresses rare ones; few SKUs are
in most orders.
"""

from __future__ import annotations

from tests.benchmarks.lists.book_world import World
from tests.benchmarks.lists.set_filling import insert

FIRST = "ARRAY['Jana','Petr','Anna','Ivan','Eva','Karel','Marie','Tomas','Lucie','Pavel']"
LAST = "ARRAY['Novakova','Dvorak','Muller','Smith','Rossi','Svoboda','Weber','Horak','Kucera','Jones','Meyer']"
CITIES = "ARRAY['Brno','Praha','Wien','Ostrava','Berlin','London','Plzen']"
DOMAINS = "ARRAY['mail.example','mail.example','post.example','home.example','work.example']"
NOW = "timestamptz '2026-11-20 12:00+00'"
# 3 of 100 of the newest are open, and one in 500 of the others waits for goods.
OPEN = "(k >= {size} * 97 / 100 OR k % 500 = 3)"


def customer_of(world: World, number: str = "k") -> str:
    """The number of an order's customer, from 0; of its own project."""
    return f"(({number}::bigint * 7919) % {world.customers // 20} * 20 + {number} % 20)"


def product_of(world: World, number: str, line: str) -> str:
    """The number of a line's product, from 0: few have most of the lines."""
    chance = f"((({number}::bigint * 3 + {line}) * 2654435761 % 4294967296) / 4294967296.0)"
    return f"(floor(power({chance}, 3) * {world.products // 20})::int * 20 + {number} % 20)"


def person(number: str) -> str:
    """Words of a customer by its number: p.first, p.last, p.city, p.domain, p.phone, p.email."""
    return f"""CROSS JOIN LATERAL (SELECT ({FIRST})[1 + {number} % 10] AS first,
        ({LAST})[1 + {number} / 3 % 11] AS last,
        ({CITIES})[1 + {number} % 7] AS city, ({DOMAINS})[1 + {number} % 5] AS domain,
        '+420' || (600000000 + ({number}::bigint * 7919) % 99999999)::text AS phone) AS w
    CROSS JOIN LATERAL (SELECT w.*, lower(w.first || '.' || w.last) || {number} || '@' || w.domain AS email) AS p"""


def placed(world: World, number: str = "k") -> str:
    return f"({NOW} - ({world.size} - {number}) * (interval '730 days' / {world.size}))"


def fill(world: World) -> None:
    _goods(world)
    _customers(world)
    _remote_orders(world)
    _orders(world)
    _lines(world)
    _papers(world)
    _history(world)


def _goods(world: World) -> None:
    from stock.models import ParentProduct, Product, StockLevel

    first, second, elsewhere = world.warehouses
    rows, project = f"generate_series(0, {world.products - 1}) AS k", world.of_project(world.project, world.other)
    name = "'Product ' || (ARRAY['green tea','black tea','cup','pot','honey'])[1 + k % 5] || ' ' || k"
    made = f"{NOW} - k * interval '1 minute'"
    insert(
        ParentProduct, rows, id=f"{world.products} + k + 1", project_id=project, name=name, created_at=made,
        source_id="CASE WHEN k % 10 = 1 THEN 'prod-' || k ELSE '' END",
    )  # fmt: skip
    insert(
        Product, rows, id="k + 1", project_id=project, parent_id=f"{world.products} + k + 1", name=name,
        sku="'SKU-' || lpad(k::text, 5, '0')", ean="CASE WHEN k % 2 = 0 THEN (8590000000000 + k)::text ELSE '' END",
        created_at=made, price="10 + k % 90",
    )  # fmt: skip
    insert(
        StockLevel, rows, id="k + 1", product_id="k + 1", on_hand="k % 400 + 10", reserved="k % 10",
        warehouse_id=world.of_project(first, elsewhere), location="'A-' || k % 40",
    )  # fmt: skip
    insert(
        StockLevel, f"{rows} WHERE k % 20 <> 0 AND k % 4 = 1", id=f"{world.products} + k + 1", product_id="k + 1",
        on_hand="k % 40", warehouse_id=str(second),
    )  # fmt: skip


def _customers(world: World) -> None:
    from orders.models import Customer, CustomerSummary

    rows = f"generate_series(0, {world.customers - 1}) AS k {person('k')}"
    project = world.of_project(world.project, world.other)
    insert(
        Customer, rows, id="k + 1", project_id=project, email="p.email", name="p.first || ' ' || p.last",
        phone="p.phone", source_id="CASE WHEN k % 4 = 1 THEN 'cust-' || k ELSE '' END",
        address="jsonb_build_object('city', p.city, 'country', 'CZ')",
        created_at=f"""date_trunc('milliseconds',
            {NOW} - ({world.customers} - k) * (interval '700 days' / {world.customers}))""",
        updated_at=f"CASE WHEN k % 3 = 0 THEN date_trunc('milliseconds', {NOW} - (k % 600) * interval '1 day') END",
    )  # fmt: skip
    insert(
        CustomerSummary, rows, customer_id="k + 1", project_id=project, total_amount="k % 900", total_count="k % 7",
        last_order_at=f"{NOW} - (k % 600) * interval '1 day'", points="k % 50", country="'CZ'",
    )  # fmt: skip


def _shop(world: World) -> str:
    first, second, third = world.shops
    return f"(CASE WHEN k % 20 = 0 THEN {third} WHEN k % 5 = 1 THEN {second} ELSE {first} END)"


# By partners, without a shop; the remote orders of these numbers are not in the book.
BY_PARTNER = "k % 20 = 13"


def _remote_orders(world: World) -> None:
    from integrations.models import RemoteOrder

    state = f"""CASE WHEN NOT {BY_PARTNER} THEN 'imported' ELSE
        (ARRAY['failed','pending','dismissed'])[1 + k / 20 % 50] END"""
    source = f"""generate_series(0, {world.size - 1}) AS k {person(customer_of(world))}
        CROSS JOIN LATERAL (SELECT coalesce({state}, 'ignored') AS state) AS s"""
    insert(
        RemoteOrder, source, id="k + 1", project_id=world.of_project(world.project, world.other),
        integration_id=_shop(world), external_id="(500000 + k)::text", number="(100000 + k)::text",
        status="CASE WHEN k % 50 < 44 THEN 'completed' ELSE 'processing' END", stamp=placed(world),
        placed_at=placed(world), buyer="p.first || ' ' || p.last",
        buyer_key="CASE WHEN k % 3 = 0 THEN (k % 1000)::text ELSE '' END",
        currency="'EUR'", total="10 + k % 500", digest="decode(md5(k::text), 'hex')", state="s.state",
        payload="""json_build_object('id', 500000 + k, 'number', (100000 + k)::text, 'status', 'processing',
            'billing', json_build_object('first_name', p.first, 'last_name', p.last, 'email', p.email))::text""",
        reason_code="CASE s.state WHEN 'failed' THEN 'unknown_product' WHEN 'imported' THEN 'imported' ELSE 'rule' END",
        reason="'Because it is so.'", subject="CASE s.state WHEN 'failed' THEN 'SKU-' || k % 37 ELSE '' END",
        retry="s.state = 'failed' OR k % 40 = 13", first_seen_at=placed(world), changed_at=placed(world),
        next_attempt_at=f"CASE WHEN s.state = 'failed' THEN {NOW} END",
        search="""CASE WHEN s.state = 'imported' THEN '' ELSE array_to_tsvector(ARRAY[(100000 + k)::text,
            (500000 + k)::text, lower(p.first), lower(p.last), lower(p.city)]) END""",
    )  # fmt: skip


def _orders(world: World) -> None:
    from orders.models import Order

    is_open = OPEN.format(size=world.size)
    words = ["(100000 + k)::text", "(500000 + k)::text", "lower(p.first)", "lower(p.last)", "lower(p.city)"]
    words += ["lower(p.last) || c.number", "split_part(p.domain, '.', 1)", "'example'", "'sku'"]
    words += ["substr(p.phone, 2)", "right(p.phone, 9)", "'_' || reverse(substr(p.phone, 2))"]
    for line in range(3):
        code = f"lpad(({product_of(world, 'k', str(line))})::text, 5, '0')"
        words += [code, f"'sku' || {code}"]
    source = f"""generate_series(0, {world.size - 1}) AS k
        CROSS JOIN LATERAL (SELECT {customer_of(world)} AS number) AS c {person("c.number")}
        CROSS JOIN LATERAL (SELECT CASE WHEN NOT {is_open} THEN
            CASE WHEN k % 20 = 7 THEN 'cancelled' ELSE 'complete' END
            WHEN k % 30 = 11 THEN 'on_hold' ELSE 'processing' END AS status) AS s"""
    insert(
        Order, source, id="k + 1", project_id=world.of_project(world.project, world.other),
        integration_id=f"CASE WHEN {BY_PARTNER} THEN NULL ELSE {_shop(world)} END",
        remote_order_id=f"CASE WHEN {BY_PARTNER} THEN NULL ELSE k + 1 END",
        warehouse_id=f"CASE WHEN k % 20 <> 0 AND k % 10 = 4 THEN {world.warehouses[1]} END",
        number="(100000 + k)::text", status="s.status",
        tab="""CASE s.status WHEN 'on_hold' THEN 'on_hold' WHEN 'processing' THEN
            CASE WHEN k % 500 = 3 THEN 'backorder' ELSE
            (ARRAY['in_stock','partial','in_stock','backorder'])[1 + k % 4] END
            ELSE '' END""",
        import_action=f"""CASE WHEN s.status = 'cancelled' THEN 'cancel' WHEN s.status = 'on_hold' THEN 'hold'
            WHEN k < {world.size} / 2 THEN 'history' WHEN k % 2 = 0 THEN 'complete'
            WHEN k % 10 = 1 THEN 'invoice' ELSE 'valid' END""",
        remote_status="CASE WHEN s.status = 'complete' THEN 'completed' ELSE 'processing' END",
        placed_at=placed(world), paid_at=f"CASE WHEN k % 9 > 0 THEN {placed(world)} END",
        remote_modified_at=placed(world), currency="'EUR'", total="10 + k % 500",
        source_id=f"CASE WHEN {BY_PARTNER} THEN 'live-' || k ELSE '' END",
        customer_id="c.number + 1", buyer="p.first || ' ' || p.last", email="p.email", phone="p.phone",
        billing="jsonb_build_object('first_name', p.first, 'last_name', p.last, 'city', p.city, 'country', 'CZ')",
        shipping="jsonb_build_object('first_name', p.first, 'last_name', p.last, 'city', p.city, 'country', 'CZ')",
        payment_title="'Card'", shipping_title="'Post'", note="CASE WHEN k % 11 = 0 THEN 'Please ring.' ELSE '' END",
        search=f"array_to_tsvector(ARRAY[{', '.join(words)}])",
        shop_changed_at=f"CASE WHEN k % 1000 = 7 THEN {NOW} END", shop_gone_at=f"CASE WHEN k % 2000 = 9 THEN {NOW} END",
        created_at=placed(world), updated_at=f"{placed(world)} + interval '2 days'",
    )  # fmt: skip


def _lines(world: World) -> None:
    from orders.models import OrderLine
    from stock.models import Reservation

    is_open = OPEN.format(size=world.size)
    source = f"""generate_series(0, {world.size - 1}) AS k CROSS JOIN generate_series(0, 2) AS n
        CROSS JOIN LATERAL (SELECT {product_of(world, "k", "n")} AS product, {is_open} AS open) AS p"""
    insert(
        OrderLine, source, id="k::bigint * 3 + n + 1", order_id="k + 1", position="n + 1",
        key="(k::bigint * 3 + n)::text",
        sku="'SKU-' || lpad(p.product::text, 5, '0')", name="'Product ' || p.product", product_id="p.product + 1",
        quantity="2", shipped="CASE WHEN NOT p.open AND k % 20 <> 7 THEN 2 ELSE 0 END",
        cancelled="CASE WHEN NOT p.open AND k % 20 = 7 THEN 2 ELSE 0 END",
        reserved="CASE WHEN p.open AND k % 4 <> 3 THEN 2 ELSE 0 END",
        waiting="CASE WHEN p.open AND k % 4 = 3 THEN 2 ELSE 0 END", unit_price="5", total="10",
    )  # fmt: skip
    insert(
        Reservation, f"{source} WHERE p.open AND k % 4 <> 3", level_id="p.product + 1",
        reference="k::bigint * 3 + n + 1", quantity="2",
    )  # fmt: skip


# Nine of ten orders have an invoice and a shipment.
PAPERED = "k % 10 <> 9"


def _papers(world: World) -> None:
    from orders.models import Invoice, Shipment, ShipmentLine
    from stock.models import StockMovement

    source = f"generate_series(0, {world.size - 1}) AS k {person(customer_of(world))}"
    at = placed(world)
    shared = {
        "project_id": world.of_project(world.project, world.other), "order_id": "k + 1",
        "letterhead_id": world.of_project(*world.letterheads), "year": f"extract(year FROM {at})",
        "number": "k + 1", "order_number": "(100000 + k)::text", "order_date": f"{at}::date",
        "buyer": "p.first || ' ' || p.last",
    }  # fmt: skip
    code = f"extract(year FROM {at})::text || lpad((k + 1)::text, 6, '0')"
    paper = shared | {
        "issued_at": at, "issue_date": f"{at}::date", "payment_title": "'Card'", "currency": "'EUR'",
        "total": "10 + k % 500", "tax_total": "0",
    }  # fmt: skip
    insert(Invoice, f"{source} WHERE {PAPERED}", **paper, id="k + 1", code=f"'IN' || {code}")
    insert(
        Invoice, f"{source} WHERE k % 50 = 1", **paper, id=f"{world.size} + k + 1", code=f"'CR' || {code}",
        document_type="'credit_note'", corrects_id="k + 1",
    )  # fmt: skip
    insert(
        Shipment, f"{source} WHERE {PAPERED}", **shared, id="k + 1", code=f"'SH' || {code}", shipped_at=at,
        ship_date=f"{at}::date", carrier="'Post'", tracking_number="'RR' || lpad((k * 17)::text, 9, '0') || 'CZ'",
        address="jsonb_build_object('country', 'CZ')", historical=f"k < {world.size} / 2",
    )  # fmt: skip
    lines = f"generate_series(0, {world.size - 1}) AS k CROSS JOIN generate_series(0, 2) AS n WHERE {PAPERED}"
    insert(
        ShipmentLine, lines, id="k::bigint * 3 + n + 1", shipment_id="k + 1", order_line_id="k::bigint * 3 + n + 1",
        sku="'SKU'", name="'Product'", quantity="2",
    )  # fmt: skip
    project = world.of_project(world.project, world.other)
    insert(
        StockMovement, f"generate_series(0, {world.size - 1}) AS k WHERE {PAPERED}", id="k + 1", project_id=project,
        level_id=f"{product_of(world, 'k', '0')} + 1", quantity="-2", reason="'shipment'",
        reference="k::bigint * 3 + 1", at=at,
    )  # fmt: skip
    insert(
        StockMovement, f"generate_series(0, {world.size // 10 - 1}) AS k", id=f"{world.size} + k + 1",
        project_id=project, level_id=f"k % {world.products} + 1", quantity="20", actor_id=str(world.person),
        reason="CASE WHEN k % 50 = 1 THEN 'adjustment' WHEN k % 500 = 2 THEN 'return' ELSE 'receipt' END",
        note="'Delivery'", at=placed(world, "k * 10"),
    )  # fmt: skip


def _history(world: World) -> None:
    from orders.models import Announcement, OrderEffect, OrderEvent, OrderNote

    rows, at = f"generate_series(0, {world.size - 1}) AS k", placed(world)
    insert(OrderEvent, rows, order_id="k + 1", kind="'imported'", message="'Imported.'", at=at)
    insert(OrderEvent, f"{rows} WHERE {PAPERED}", order_id="k + 1", kind="'shipped'", message="'Shipped.'", at=at)
    insert(OrderEffect, f"{rows} WHERE {PAPERED}", order_id="k + 1", effect="'invoice'")
    project = world.of_project(world.project, world.other)
    insert(
        Announcement, f"{rows} WHERE k % 3 = 1", project_id=project, order_id="k + 1",
        kind="'customer.order.created'", at=at, taken_at=at,
    )  # fmt: skip
    insert(
        OrderNote, f"{rows} WHERE k % 20 = 3", order_id="k + 1", text="'Called.'", author_id=str(world.person), at=at
    )
