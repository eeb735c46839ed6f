"""Bulk calls that bring customers or products: their rows checked, written portion by portion, each reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from config.kit import true_time
from config.kit.api import bodies
from config.kit.api.faults_in_words import of_value
from config.kit.isolating import in_halves
from config.kit.public_ids import PublicIds
from config.kit.sql import rows_with_bytes
from integrations.models import BulkAction, BulkImport, BulkPortion, Project, Run
from integrations.partner_runs import bulk_calls
from integrations.partner_runs.bulk_calls import BulkCall
from integrations.runs.pages import RunPage, Written
from orders import bell
from orders.customers.customer_objects import CustomerObject
from orders.customers.upserting import CustomerFailure, CustomerStored, upsert_customers
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsStored
from stock.goods.parents import upsert_products
from stock.goods.sent_fields import ProductFields

# Rows that lie and are written together: so long a live call of the project may have to wait.
PORTION = 200
# The position of what is written to each row.
COMMON = -1

Outcome = CustomerStored | CustomerFailure | GoodsStored | GoodsFailure


@dataclass(frozen=True)
class BulkKind:
    """What the rows of a call are."""

    what: str
    row: type[Any]
    write: Callable[[Project, Sequence[Any], datetime], Sequence[Outcome]]


def _write_customers(project: Project, rows: Sequence[CustomerObject], at: datetime) -> Sequence[Outcome]:
    return upsert_customers(project.pk, _ids(project), rows, at)


def _write_products(project: Project, rows: Sequence[ProductFields], at: datetime) -> Sequence[Outcome]:
    return upsert_products(Catalogue(project.pk, project.currency, _ids(project), at), rows)


CUSTOMERS = BulkKind("customer", CustomerObject, _write_customers)
PRODUCTS = BulkKind("product", ProductFields, _write_products)
KINDS: Mapping[BulkAction, BulkKind] = {
    BulkAction.CUSTOMERS: CUSTOMERS,
    BulkAction.CUSTOMERS_METADATA: CUSTOMERS,
    BulkAction.PRODUCTS: PRODUCTS,
    BulkAction.PRODUCTS_METADATA: PRODUCTS,
}


def request_rows(call: BulkCall, rows: Sequence[msgspec.Raw]) -> Run:
    """Write these rows down, each the JSON of one, and ring."""
    return bulk_calls.ask(call, len(rows), _portions(rows))


def request_metadata(call: BulkCall, source_ids: Sequence[str], metadata: Mapping[str, Any]) -> Run:
    """Write down that each of these gets this metadata, and ring."""

    def portions() -> Iterator[tuple[int, bytes]]:
        yield COMMON, msgspec.json.encode(metadata)
        yield from _portions([{"source_id": each} for each in source_ids])

    return bulk_calls.ask(call, len(source_ids), portions() if source_ids else ())


def _portions(rows: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(rows), PORTION):
        yield start, msgspec.json.encode(rows[start : start + PORTION])


def rows_portion(run: Run, bulk: BulkImport) -> RunPage:
    """The next rows of a call."""
    start = int((run.cursor or {}).get("done", 0))
    kept = BulkPortion.objects.filter(bulk_import=bulk, position__in=(start, COMMON)).values_list("position", "payload")
    payloads = dict(rows_with_bytes(kept))
    if start not in payloads:
        return RunPage(done=True)
    part = RowsPart(bulk, start, msgspec.json.decode(payloads[start], type=list[msgspec.Raw]), payloads.get(COMMON))
    whole = part.end >= (run.total or 0)

    def write(run_id: int, *, each: bool = False) -> Written:
        # Customers are placed when all of them are here; those of a long call meanwhile, by the tick.
        with nullcontext() if whole else bell.quiet():
            return Written(part.write(each=each))

    return RunPage({"done": part.end}, write, lambda run_id: write(run_id, each=True), done=whole)


class RowsPart:
    """Some rows of a call in a row."""

    def __init__(self, bulk: BulkImport, start: int, raws: Sequence[msgspec.Raw], common: bytes | None) -> None:
        self._bulk, self._start = bulk, start
        self._kind = KINDS[BulkAction(bulk.action)]
        self.end = start + len(raws)
        self._sources: dict[int, str] = {}
        self._rows: dict[int, Any] = {}
        self._refused: dict[int, tuple[str, str]] = {}
        """Rows whose values cannot be, by index: (key, details)."""
        for index, raw in enumerate(raws, start):
            self._read(index, bytes(raw), common)

    def _read(self, index: int, raw: bytes, common: bytes | None) -> None:
        try:
            row = bodies.parse(raw, msgspec.json.Decoder(self._kind.row))
        except msgspec.ValidationError as error:
            self._sources[index] = str(msgspec.json.decode(raw).get("source_id", ""))
            self._refused[index] = (f"invalid_{self._kind.what}", of_value(error, self._kind.row))
            return
        self._sources[index] = row.source_id
        row.id = UNSET  # rows are named by their source ids alone
        if common is not None:
            row.metadata = msgspec.json.decode(common)
        bad = next(bodies.unstorable(msgspec.to_builtins(row)), "")
        if bad:
            self._refused[index] = (f"invalid_{self._kind.what}", bad)
        else:
            self._rows[index] = row

    def write(self, *, each: bool) -> Counter[str]:
        """Write the rows, with their report; one by one where they cannot be together."""
        outcomes: dict[int, Outcome] = {}
        failed = dict(self._refused)

        def some(indexes: Sequence[int]) -> None:
            at = true_time.now_in_milliseconds()
            rows = [self._rows[index] for index in indexes]
            outcomes.update(zip(indexes, self._kind.write(self._bulk.project, rows, at), strict=True))

        def one_failed(index: int, error: Exception) -> None:
            failed[index] = bulk_calls.fault(error, self._kind.what)

        if each:
            in_halves(list(self._rows), some, one_failed)
        elif self._rows:
            some(list(self._rows))
        for index, outcome in outcomes.items():
            if isinstance(outcome, CustomerFailure | GoodsFailure):
                failed[index] = (outcome.key, outcome.details)
        return self._record(outcomes, failed)

    def _record(self, outcomes: Mapping[int, Outcome], failed: Mapping[int, tuple[str, str]]) -> Counter[str]:
        counts: Counter[str] = Counter(fetched=len(self._sources), failed=len(failed))
        lines = []
        for index, source_id in self._sources.items():
            outcome = outcomes.get(index)
            if isinstance(outcome, CustomerStored | GoodsStored):
                counts["updated" if outcome.found and outcome.updated else _NAMED[outcome.found]] += 1
                lines.append((source_id, _word(outcome.found), _word(outcome.updated), "", ""))
            else:
                lines.append((source_id, "false", "false", *failed[index]))
        bulk_calls.report(self._bulk, self._start, lines)
        bulk_calls.keep_failures(
            [(self._bulk.pk, index, self._sources[index][:255], *failed[index]) for index in sorted(failed)]
        )
        return counts


_NAMED = {True: "unchanged", False: "created"}


def _word(found: bool) -> str:
    return "true" if found else "false"


def _ids(project: Project) -> PublicIds:
    return PublicIds(bytes(project.id_key))
