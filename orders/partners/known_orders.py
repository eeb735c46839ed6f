"""Which orders of the book partners mean, by public id or source id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from config.kit.postgresql.model_columns import Columns
from config.kit.public_ids import PublicIds
from config.kit.round_trips import ask_together
from config.kit.sql import either, execute
from orders.models import Order, OrderLine

ORDER, LINE = Columns(Order, "book", without=["search"]), Columns(OrderLine, "line")
# What nearly every call of the API on one order asks.
ORDERS = f"SELECT {ORDER} FROM orders_order AS book WHERE book.project_id = %s AND "  # noqa: S608  names of ours only
LINES = (
    f"SELECT {LINE} FROM orders_orderline AS line"  # noqa: S608  names of ours only
    " WHERE line.order_id = ANY(%s) ORDER BY line.order_id, line.position"
)


class KnownOrder(Struct, frozen=True):
    pk: int
    action: str
    from_shop: bool
    digest: str
    erased: bool


def find(project_id: int, ids: PublicIds, key: str) -> Order | None:
    """An order of the project by its public id or its source id."""
    pk = ids.take("ord", key)
    found = _first(f"{ORDERS} book.id = %s", [project_id, pk]) if pk is not None else None
    if found is None and key and "\x00" not in key:
        found = _first(f"{ORDERS} book.source_id = %s AND book.source_id <> ''", [project_id, key])
    return found


def read_again(project_id: int, pk: int) -> tuple[Order, list[OrderLine]]:
    """An order that was just written, with its lines; in one trip to the database."""
    [order], lines = ask_together(ORDER.asked(f"{ORDERS} book.id = %s", [project_id, pk]), LINE.asked(LINES, [[pk]]))
    return order, lines


def _first(statement: str, params: Sequence[Any]) -> Order | None:
    return next(iter(ORDER.rows(statement, params)), None)


def lines_of(orders: Sequence[Order]) -> dict[int, list[OrderLine]]:
    """The lines of orders by the primary keys of these, in their order; in one statement."""
    found: dict[int, list[OrderLine]] = {order.pk: [] for order in orders}
    for line in LINE.rows(LINES, [list(found)]):
        found[line.order_id].append(line)
    return found


class SentOrder(Struct, frozen=True):
    """Which order was sent, and what: the digest of the whole."""

    id: str | None
    source_id: str | None
    digest: str


def digest_of(encoded: bytes) -> str:
    """Of an order as `msgspec.json` encodes it."""
    return hashlib.blake2b(encoded, digest_size=8).hexdigest()


def look_up(project_id: int, ids: PublicIds, keys: Sequence[tuple[str | None, str | None]]) -> list[KnownOrder | None]:
    """The orders with these ids, else source ids."""
    pks = [ids.take("ord", public_id) if public_id else None for public_id, _ in keys]
    wanted, values = either(
        ("id = ANY(%s)", [pk for pk in pks if pk is not None]),
        ("source_id = ANY(%s) AND source_id <> ''", [source_id for _, source_id in keys if source_id]),
    )
    rows = execute(
        "SELECT id, source_id, import_action, integration_id, coalesce(partner ->> 'digest', ''), erased_at"  # noqa: S608
        f" FROM orders_order WHERE project_id = %s AND {wanted}",
        [project_id, *values],
    )
    by_pk = {row[0]: KnownOrder(row[0], row[2], row[3] is not None, row[4], row[5] is not None) for row in rows}
    by_source = {row[1]: by_pk[row[0]] for row in rows if row[1]}
    return [
        by_pk.get(pk or 0) if public_id else by_source.get(source_id or "")
        for pk, (public_id, source_id) in zip(pks, keys, strict=True)
    ]
