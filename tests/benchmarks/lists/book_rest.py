"""What grows beside the order book: runs, deliveries, messages, what goes out, files, logs, points, preparations."""

from __future__ import annotations

from tests.benchmarks.lists.book_orders import NOW, customer_of, placed
from tests.benchmarks.lists.book_world import World
from tests.benchmarks.lists.set_filling import insert


def fill(world: World) -> None:
    _runs(world)
    _partners(world)
    _messages(world)
    _outgoing(world)
    _people(world)
    _customers(world)
    _preparations(world)
    _stock(world)


def _series(count: int) -> str:
    return f"generate_series(0, {max(count, 20) - 1}) AS k"


def _runs(world: World) -> None:
    from integrations.models import Run

    count = world.size // 10
    at = f"({NOW} - ({count} - k) * (interval '180 days' / {max(count, 1)}))"
    insert(
        Run, _series(count), id="k + 1", project_id=world.of_project(world.project, world.other),
        integration_id=world.of_project(f"(ARRAY[{world.shops[0]}, {world.shops[1]}])[1 + k % 2]", world.shops[2]),
        kind="""CASE WHEN k % 1000 = 1 THEN 'products' WHEN k % 100 = 2 THEN 'synchronize' WHEN k % 3 = 1 THEN 'retry'
            WHEN k % 7 = 1 THEN 'orders_import' WHEN k % 50 = 3 THEN 'orders_export' ELSE 'load' END""",
        state="CASE WHEN k % 300 = 7 THEN 'failed' WHEN k % 500 = 9 THEN 'cancelled' ELSE 'succeeded' END",
        reason="'Done.'", created_at=at, started_at=at, finished_at=at, fetched="10", created="3", failed="k % 2",
    )  # fmt: skip


def _partners(world: World) -> None:
    from integrations.models import BulkFailure, BulkImport, Export, WebhookDelivery
    from integrations.models.endpoints import DeliveryAttempt

    runs, project = _series(world.size // 10), world.of_project(world.project, world.other)
    bulk = "k % 7 = 1 AND k % 3 <> 1 AND k % 100 <> 2 AND k % 1000 <> 1"
    insert(
        BulkImport, f"{runs} WHERE {bulk}", run_id="k + 1", project_id=project, request_id="'req_' || k",
        action="CASE WHEN k % 4 = 0 THEN 'CUSTOMERS.BULK_UPDATE' ELSE 'ORDERS.IMPORT' END", token="'t' || k",
    )  # fmt: skip
    insert(BulkFailure, f"{runs} WHERE {bulk}", bulk_import_id="k + 1", index="1", key="'invalid'", reason="'It is.'")
    insert(
        Export, f"{runs} WHERE k % 50 = 3 AND k % 3 <> 1 AND k % 7 <> 1", run_id="k + 1", project_id=project,
        token="'t' || k", exported_object="CASE WHEN k % 200 = 3 THEN 'customer' ELSE 'order' END",
    )  # fmt: skip
    deliveries, at = _series(world.size * 3 // 10), placed(world, "k * 3")
    insert(
        WebhookDelivery, deliveries, id="k + 1", endpoint_id=str(world.endpoint), project_id=str(world.project),
        event_id="'evt_' || k",
        event="""CASE WHEN k % 1000 = 1 THEN 'customer.order.canceled' WHEN k % 3 = 1 THEN 'customer.order.paid'
            ELSE 'customer.order.created' END""",
        subject="'ord_' || k", number="(100000 + k)::text", happened_at=at, created_at=at,
        state=f"""CASE WHEN k % 700 = 3 THEN 'failed' WHEN k > {world.size * 3 // 10} - 10 THEN 'waiting'
            ELSE 'delivered' END""",
        finished_at=f"CASE WHEN k > {world.size * 3 // 10} - 10 AND k % 700 <> 3 THEN NULL ELSE {at} END",
        next_try_at=f"CASE WHEN k > {world.size * 3 // 10} - 10 AND k % 700 <> 3 THEN {at} END",
        body="'{}'::bytea", tries="1", attempts_made="1",
    )  # fmt: skip
    insert(DeliveryAttempt, deliveries, delivery_id="k + 1", number="1", at=at, status="200", seconds="0.1")


def _messages(world: World) -> None:
    from integrations.models import MailOptOut, Message

    first, second = world.distributions
    insert(
        Message, _series(world.size * 3 // 10), id="k + 1", cause="'order-' || k", order_id="k + 1",
        distribution_id=f"CASE WHEN k % 100 = 1 THEN {second} ELSE {first} END",
        customer_id=f"{customer_of(world)} + 1", next_attempt_at=placed(world, "k * 3"),
        state="""CASE WHEN k % 900 = 1 THEN 'failed' WHEN k % 900 = 2 THEN 'unsure' WHEN k % 50 = 3 THEN 'skipped'
            ELSE 'sent' END""",
        created_at=placed(world, "k * 3"), sent_at=placed(world, "k * 3"),
    )  # fmt: skip
    insert(
        MailOptOut, _series(world.size // 50), project_id=str(world.project), at=NOW,
        email="(ARRAY['jana','petr','anna'])[1 + k % 3] || k || '@mail.example'",
    )  # fmt: skip


def _outgoing(world: World) -> None:
    from integrations.models import Crossing, ExchangedFile, FileRowError, OrderInFile, ShopArticle

    at = placed(world, "k * 3")
    insert(
        Crossing, _series(world.size * 3 // 10),
        integration_id=f"(ARRAY[{world.shops[0]}, {world.shops[1]}])[1 + k % 2]",
        kind="CASE WHEN k % 1000 = 2 THEN 'payment' WHEN k % 3 = 1 THEN 'paper' ELSE 'shipment' END", subject="k + 1",
        order_id="k + 1", label="'SH2026' || lpad(k::text, 6, '0')", told_version="1", sent_at=at, checked_at=at,
        state="CASE WHEN k % 900 = 7 THEN 'failed' WHEN k % 40 = 9 THEN 'not_needed' ELSE 'sent' END",
        answer="'Taken.'", created_at=at, tries="1", next_try_at="NULL",
    )  # fmt: skip
    for place, shop in enumerate(world.shops[:2]):
        insert(
            ShopArticle, f"{_series(world.products)} WHERE k % 20 <> 0", integration_id=str(shop),
            sku="'SKU-' || lpad(k::text, 5, '0')", product_id="k + 1", name="'Product ' || k",
            state="CASE WHEN k % 300 = 1 THEN 'refused' WHEN k % 30 = 2 THEN 'unknown' ELSE 'known' END",
            wanted="k % 50", told=f"k % 50 + CASE WHEN k % {200 + place} = 5 THEN 1 ELSE 0 END", in_shop="k % 50",
        )  # fmt: skip
    files = _series(world.size // 100)
    insert(
        ExchangedFile, files, id="k + 1", project_id=str(world.project), feed_id=str(world.feed),
        name="'stock-' || k || '.csv'", rows="10", booked="9", failed="1", reason="'Done.'",
        state="CASE WHEN k % 200 = 1 THEN 'refused' WHEN k % 20 = 2 THEN 'repeated' ELSE 'done' END",
        seen_at=f"{NOW} - ({max(world.size // 100, 20)} - k) * interval '10 minutes'",
    )  # fmt: skip
    insert(FileRowError, files, file_id="k + 1", row="1", sentence="'The SKU is unknown.'")
    insert(OrderInFile, f"{files} WHERE k % 3 = 0", feed_id=str(world.feed), file_id="k + 1", order_id="k + 1")


def _people(world: World) -> None:
    from django.contrib.admin.models import LogEntry
    from django.contrib.contenttypes.models import ContentType

    from integrations.models import AccessEvent, BuyerEntry, ErasureRequest
    from orders.models import Order

    kind = ContentType.objects.get_for_model(Order).pk
    at = placed(world, "k * 10")
    insert(
        LogEntry, _series(world.size // 10), user_id=str(world.person), content_type_id=str(kind),
        object_id="(k + 1)::text", object_repr="'Order'", action_flag="2", change_message="'Held.'", action_time=at,
    )  # fmt: skip
    insert(
        AccessEvent, _series(world.size // 10), at=at, user_id=str(world.person), account_id=str(world.account),
        kind="CASE WHEN k % 1000 = 1 THEN 'key_made' WHEN k % 9 = 1 THEN 'failed' ELSE 'login' END",
        name="CASE WHEN k % 9 = 1 THEN 'someone' || k % 50 ELSE 'benchmark' END",
        address="('10.0.' || k % 200 || '.1')::inet", agent="'Firefox'",
    )  # fmt: skip
    insert(
        BuyerEntry, _series(world.size // 200), project_id=str(world.project), pattern="'bad' || k || '.example'",
        listing="CASE WHEN k % 10 = 1 THEN 'allow' ELSE 'block' END",
    )  # fmt: skip
    insert(
        ErasureRequest, _series(world.size // 1000), project_id=str(world.project),
        integration_id=str(world.shops[0]), external_id="'e' || k", told_at=NOW,
        done_at=f"CASE WHEN k % 9 > 0 THEN {NOW} END",
        email="'jana' || k || '@mail.example'",
    )  # fmt: skip


def _customers(world: World) -> None:
    from orders.models import PointsMovement, SegmentEntry, SegmentMember

    ours = f"{_series(world.customers)} WHERE k % 20 <> 0 AND k % 2 = 1"
    at = f"{NOW} - ({world.customers} - k) * (interval '300 days' / {world.customers})"
    insert(
        SegmentMember, ours, id="k + 1", segment_id=str(world.segment), customer_id="k + 1", since=at,
        left_at=f"CASE WHEN k % 10 = 1 THEN {at} + interval '1 day' END",
    )  # fmt: skip
    insert(
        SegmentEntry, ours, id="k + 1", project_id=str(world.project), member_id="k + 1",
        segment_id=str(world.segment), customer_id="k + 1", at=at, earned_at=at, told_at=at,
    )  # fmt: skip
    earned = f"{_series(world.size)} WHERE k % 5 = 1"
    insert(
        PointsMovement, earned, id="k + 1", project_id=str(world.project), points="5",
        customer_id=f"{customer_of(world)} + 1", at=placed(world),
        reason="CASE WHEN k % 1000 = 1 THEN 'adjusted' ELSE 'earned' END",
        rule_id=f"CASE WHEN k % 1000 <> 1 THEN {world.rule} END",
        order_id="CASE WHEN k % 1000 <> 1 THEN k + 1 END",
    )  # fmt: skip


def _preparations(world: World) -> None:
    from orders.models import Preparation, PreparedLine, PreparedOrder

    # Twenty orders each; the last one is open.
    size, last = max(world.size // 100, 20), max(world.size // 100, 20) - 1
    at = f"{NOW} - ({size} - k) * interval '30 minutes'"
    insert(
        Preparation, _series(size), id="k + 1", project_id=str(world.project), author_id=str(world.person),
        created_at=at, closed_at=f"CASE WHEN k < {last} THEN {at} END",
    )  # fmt: skip
    orders = f"generate_series(0, {size * 20 - 1}) AS k WHERE k % 20 <> 0 AND k % 10 <> 9"
    insert(
        PreparedOrder, f"{orders} AND k < {world.size}", id="k + 1", preparation_id="k / 20 + 1", order_id="k + 1",
        position="k % 20", version="0", shipment_id=f"CASE WHEN k / 20 < {last} THEN k + 1 END",
    )  # fmt: skip
    insert(
        PreparedLine, f"{orders} AND k < {world.size}", prepared_id="k + 1", order_line_id="k::bigint * 3 + 1",
        units="2", packed="2",
    )  # fmt: skip


def _stock(world: World) -> None:
    from stock.models import StockPosting, StockTransfer

    first, second, _elsewhere = world.warehouses
    insert(
        StockPosting, _series(world.size // 200), project_id=str(world.project), warehouse_id=str(first),
        kind="CASE WHEN k % 5 = 1 THEN 'count' ELSE 'receipt' END", token="gen_random_uuid()", note="'Delivery'",
        lines="jsonb_build_array(jsonb_build_array(2, 5, 10))", at=f"{NOW} - interval '1 day'",
    )  # fmt: skip
    insert(
        StockTransfer, _series(world.size // 200), project_id=str(world.project), product_id="2",
        source_id=str(first), target_id=str(second), quantity="1", at=f"{NOW} - interval '1 day'",
    )  # fmt: skip
