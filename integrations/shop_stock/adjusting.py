"""The run that books what was confirmed, and the one that takes it back: some hundred products in a transaction.

What is booked stands on each quantity, written in the transaction of its movement; a run that is killed, or asked for
twice, finds there what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import F

from config.kit import true_time
from config.kit.isolating import in_halves
from config.kit.sql import execute
from integrations.models import Run, TakeOver
from integrations.review.waking import wake_for
from integrations.runs.pages import RunPage, Write, Written, kept_back
from integrations.shop_stock import comparison
from integrations.shop_stock.comparison import Compared
from orders.intake.allocation import change_stock
from stock import catalogue, ledger
from stock.choices import MovementReason
from stock.ledger import Change
from stock.warehouses import first_of

# Products booked at once.
PORTION = 500
BACK = "back"


def book_portion(run: Run) -> RunPage:
    """The next products of the take-over that the run is for, booked or, in scope `back`, taken back."""
    take_over = TakeOver.objects.select_related("integration").get(pk=run.scope["take_over"])
    if run.scope.get(BACK):
        return _back(run, take_over, (run.cursor or {}).get("after", 0))
    return _book(run, take_over)


def _book(run: Run, take_over: TakeOver) -> RunPage:
    ids = comparison.not_booked(take_over, PORTION)
    if not ids:
        return RunPage({}, lambda _: _close(take_over), done=True, note="Taken over: every product of the comparison.")

    changed: list[int] = []

    def book(some: Sequence[int]) -> None:
        seen = comparison.some(take_over, some)
        changing = [each for each in seen if each.difference]
        names = {each.sku: each.name or each.sku for each in changing}
        products = catalogue.create(take_over.integration.project_id, names)  # those that are here stay as they are
        _move(take_over, [(products[each.sku], each.difference, _note(take_over, each)) for each in changing])
        _written("booked", {each.id: each.difference for each in seen})
        changed.extend(each.id for each in changing)

    return RunPage({}, _one_by_one_where_needed(run, take_over, ids, book, changed, "booked"))


def _one_by_one_where_needed(
    run: Run,
    take_over: TakeOver,
    ids: Sequence[int],
    some: Callable[[Sequence[int]], None],
    changed: list[int],
    column: str,
) -> Write:
    """Writes a portion; a product that cannot be booked is named, and left as it is for good."""

    def write(_: int) -> Written:
        ledger.lock_project(take_over.integration.project_id)  # from here on nobody else changes what is compared
        changed.clear()
        back: list[dict[str, Any]] = []

        def failed(row_id: int, error: Exception) -> None:
            _written(column, {row_id: 0}, add=column != "booked")
            sku = take_over.quantities.values_list("sku", flat=True).get(pk=row_id)
            back.append(kept_back(f"Product {sku}", error))

        in_halves(ids, some, failed)
        counts = {"fetched": len(ids), "updated": len(changed), "failed": len(back)}
        counts["unchanged"] = len(ids) - len(changed) - len(back)
        return Written(counts, [*run.results, *back] if back else None)

    return write


def _note(take_over: TakeOver, each: Compared) -> str:
    orders = f" and {each.in_open_orders:,} in its open orders" if each.in_open_orders else ""
    return f"{take_over.integration}: {each.in_shop:,} in the shop{orders}."


def _back(run: Run, take_over: TakeOver, after: int) -> RunPage:
    rows = take_over.quantities.exclude(booked=None).exclude(booked=F("taken_back")).filter(pk__gt=after)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:PORTION])
    if not ids:
        return RunPage({}, lambda _: _close_back(take_over), done=True, note="Taken back, as far as orders allow.")

    changed: list[int] = []

    def give_back(some: Sequence[int]) -> None:
        wanted = _free(take_over, some)
        moves = {key: (product_id, units) for key, product_id, units in wanted if units}
        note = f"{take_over.integration}: its quantities are taken back."
        _move(take_over, [(product_id, -units, note) for product_id, units in moves.values()], back=True)
        _written("taken_back", {key: units for key, (_, units) in moves.items()}, add=True)
        changed.extend(moves)

    return RunPage({"after": ids[-1]}, _one_by_one_where_needed(run, take_over, ids, give_back, changed, "taken_back"))


def _free(take_over: TakeOver, ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """(quantity's id, product id, units to take back, signed as booked): never more than no order has reserved."""
    shop = take_over.integration
    return [
        (key, product_id, int(units))
        for key, product_id, units in execute(
            "SELECT shown.id, product.id,"
            " least(shown.booked - shown.taken_back, greatest(level.on_hand - level.reserved, 0))"
            " FROM integrations_shopquantity AS shown"
            " JOIN stock_product AS product ON product.project_id = %s AND product.sku = shown.sku"
            " JOIN stock_stocklevel AS level ON level.product_id = product.id AND level.warehouse_id = %s"
            " WHERE shown.id = ANY(%s)",
            [shop.project_id, take_over.place or first_of(shop.project_id), list(ids)],
        )
    ]


def _move(take_over: TakeOver, moves: Sequence[tuple[int, int, str]], *, back: bool = False) -> None:
    """Book units, signed, and let waiting orders have what is free then."""
    if moves:
        changes = [
            Change(product_id, units, MovementReason.TAKE_OVER, note, place=take_over.place)
            for product_id, units, note in moves
        ]
        actor_id = take_over.back_by_id if back else take_over.confirmed_by_id
        change_stock(take_over.integration.project_id, changes, actor_id)
        wake_for(take_over.integration.project_id, changes)


def _written(column: str, units: dict[int, int], *, add: bool = False) -> None:
    if units:
        value = f"{column} + new.units" if add else "new.units"
        execute(
            f"UPDATE integrations_shopquantity AS shown SET {column} = {value}"  # noqa: S608  constants only
            " FROM unnest(%s::bigint[], %s::int[]) AS new (id, units) WHERE shown.id = new.id",
            [list(units), list(units.values())],
        )


def _close(take_over: TakeOver) -> Written:
    TakeOver.objects.filter(pk=take_over.pk).update(booked_at=true_time.now())
    return Written()


def _close_back(take_over: TakeOver) -> Written:
    TakeOver.objects.filter(pk=take_over.pk).update(back_at=true_time.now())
    return Written()
