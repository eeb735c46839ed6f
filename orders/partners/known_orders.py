"""Which orders of the book partners mean, by public id or source id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from config.kit.public_ids import PublicIds
from config.kit.sql import execute
from orders.models import Order


@dataclass(frozen=True)
class KnownOrder:
    pk: int
    action: str
    from_shop: bool
    digest: str
    erased: bool


def find(project_id: int, ids: PublicIds, key: str) -> Order | None:
    """An order of the project by its public id or its source id; lines prefetched."""
    orders = Order.objects.filter(project_id=project_id).prefetch_related("lines")
    pk = ids.take("ord", key)
    found = orders.filter(pk=pk).first() if pk is not None else None
    if found is None and key and "\x00" not in key:
        found = orders.filter(source_id=key).exclude(source_id="").first()
    return found


@dataclass(frozen=True)
class SentOrder:
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
    rows = execute(
        "SELECT id, source_id, import_action, integration_id, coalesce(partner ->> 'digest', ''), erased_at"
        " FROM orders_order"
        " WHERE project_id = %s AND (id = ANY(%s) OR (source_id = ANY(%s) AND source_id <> ''))",
        [
            project_id,
            [pk for pk in pks if pk is not None],
            [source_id for _, source_id in keys if source_id],
        ],
    )
    by_pk = {row[0]: KnownOrder(row[0], row[2], row[3] is not None, row[4], row[5] is not None) for row in rows}
    by_source = {row[1]: by_pk[row[0]] for row in rows if row[1]}
    return [
        by_pk.get(pk or 0) if public_id else by_source.get(source_id or "")
        for pk, (public_id, source_id) in zip(pks, keys, strict=True)
    ]
