"""Marking orders as changed in the shop against taking them in: `python -m tests.benchmarks.marking [--rounds N]`.

Both from the payloads' bytes to the last commit, in pages of 100. The marked orders are known and changed in one field;
where a mapping may have touched it, both their documents are read. The setting lets none follow.

The floor is what no way of marking leaves out: the newer documents are read, and two bare statements a page keep them
beside those that the orders were written from, and write the marks.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.benchmarks import intake, w2000
from tests.benchmarks.servers import durable_database

if TYPE_CHECKING:
    from integrations.models import Integration

# Of the floor.
BAR = 3.0
ORDERS = 1_000
KINDS: dict[str, dict[str, Any]] = {
    "one field": {"customer_note": "Ring twice"},
    "a field that is mapped": {"payment_method_title": "Cash on delivery"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with durable_database():
        times = measure(options.rounds)
    new, floor = times.pop("new"), times.pop("floor")
    sys.stdout.write(f"floor   {'':<24} {floor / new:.3f} of taking in\n")
    for kind, marked in times.items():
        ratio = f"{marked / new:.3f} of taking in, {marked / floor:.2f} x floor (bar {BAR:g})"
        sys.stdout.write(f"marking {kind:<24} {ratio}\n")
    sys.exit(0 if max(times.values()) <= BAR * floor else 1)


def measure(rounds: int) -> dict[str, float]:
    """Seconds for all the orders, by what was done."""
    from integrations.models import RemoteOrder
    from orders.models import Order

    integration = intake._shop()
    integration.after_import = "nothing"
    integration.save(update_fields=["after_import"])
    documents = w2000.payloads()[:ORDERS]
    times: dict[str, list[float]] = {name: [] for name in ("new", "floor", *KINDS)}
    for kind, changes in KINDS.items():
        changed = [_changed(document, changes) for document in documents]
        newer = _pages([_changed(document, changes) for document in changed])
        for number in range(rounds + 1):  # the first one warms up and is not counted
            intake._empty(integration)
            new = intake._timed(partial(intake._load, integration, _pages(documents)))
            marked = intake._timed(partial(intake._load, integration, _pages(changed)))
            if Order.objects.filter(shop_changed_at__isnull=False).count() != len(documents):
                raise RuntimeError("not every order was marked")
            ids = {key: (pk, order) for key, pk, order in RemoteOrder.objects.values_list("external_id", "pk", "order")}
            floor = intake._timed(partial(_bare, integration, newer, ids))
            if number:
                times["new"].append(new)
                times["floor"].append(floor)
                times[kind].append(marked)
    return {name: statistics.median(values) for name, values in times.items()}


def _bare(integration: Integration, pages: Sequence[Sequence[bytes]], ids: dict[str, tuple[int, int]]) -> None:
    """Mark without comparing. `ids`: of each remote order its id and its order's."""
    from django.db import transaction

    from config.kit.sql import execute
    from integrations.importing.payloads import read_page

    connector, shop = integration.connector, integration.shop()
    for page in pages:
        read = read_page(connector, shop, page)
        rows = [(*ids[each.external_id], each.digest, each.stamp) for each in read]
        remotes, orders, digests, stamps = map(list, zip(*rows, strict=True))
        texts = f"ARRAY[{', '.join(['%s'] * len(read))}]::text[]"
        with transaction.atomic():
            execute(
                "UPDATE integrations_remoteorder AS seen SET taken = seen.payload, payload = new.payload,"
                " digest = new.digest, stamp = new.stamp FROM unnest(%s::bigint[], %s::bytea[], %s::timestamptz[],"
                f" {texts}) AS new (id, digest, stamp, payload) WHERE seen.id = new.id",
                [remotes, digests, stamps, *(each.payload for each in read)],
            )
            execute("UPDATE orders_order SET shop_changed_at = now(), updated_at = now() WHERE id = ANY(%s)", [orders])


def _pages(documents: list[bytes]) -> list[list[bytes]]:
    return [documents[start : start + intake.PAGE] for start in range(0, len(documents), intake.PAGE)]


def _changed(document: bytes, changes: dict[str, Any]) -> bytes:
    read = json.loads(document)
    stamp = datetime.fromisoformat(read["date_modified_gmt"]) + timedelta(hours=1)
    return json.dumps(read | changes | {"date_modified_gmt": f"{stamp:%Y-%m-%dT%H:%M:%S}"}).encode()


if __name__ == "__main__":
    main()
