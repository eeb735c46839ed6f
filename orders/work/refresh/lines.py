"""The lines of an order, overwritten from the shop's, or put back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from config.kit import amounts
from config.kit.plain_values import plain, value_of
from orders.choices import OrderStatus
from orders.intake.incoming import ZERO, IncomingLine, known_by_ean
from orders.models import OrderLine
from orders.work.changing import Opened, cancel_units, exchange, open_units, resize
from stock import catalogue

# How a line is named in the history: this and its key, or its place where the shop gives no key.
LINE = "line "
# What the history keeps of a line.
TOLD = (
    "sku", "name", "quantity", "cancelled", "unit_price", "total", "tax", "tax_name", "discount", "metadata",
    "product_id", "shipping",
)  # fmt: skip


def overwrite(
    change: Opened, wanted: Sequence[IncomingLine], before: Sequence[IncomingLine] | None, *, create: bool
) -> tuple[str, list[str]]:
    """Make the order's lines the shop's: ("" or why it is not possible, what stays as it is here).

    `before`: the shop's lines the order was written from; of lines whose SKU is the same there, the product here stays,
    and so does the name of a tax that is.
    """
    here = {line_key(line, place): line for place, line in enumerate(change.lines)}
    same = _same_goods(here, wanted, before)
    products = _products(change, [line for place, line in enumerate(wanted) if key_of(line, place) not in same], create)
    missing = [
        line.sku
        for place, line in enumerate(wanted)
        if line.stocked and line.sku and line.sku not in products and key_of(line, place) not in same
    ]
    if missing:
        return f"SKU {missing[0]} is not among the products: create or map it, then synchronize again.", []
    change.lock_products(products.values())
    reports: list[str] = []
    taxes = {key_of(line, place): line.tax_name for place, line in enumerate(before or ())}
    for place, incoming in enumerate(wanted):
        key = key_of(incoming, place)
        line = here.pop(key, None)
        if line is not None and taxes.get(key) == incoming.tax_name:
            incoming = replace(incoming, tax_name=line.tax_name)  # named otherwise since, which is no news of the shop
        product_id = products.get(incoming.sku) if incoming.stocked else None
        if line is None:
            _add(change, incoming, place, product_id)
        elif key in same:
            reports += _overwrite(change, line, replace(incoming, sku=line.sku), place, line.product_id)
        else:
            reports += _overwrite(change, line, incoming, place, product_id)
    for line in here.values():
        reports += _drop(change, line)
    return _too_many(change), reports


def _same_goods(
    here: Mapping[str, OrderLine], wanted: Sequence[IncomingLine], before: Sequence[IncomingLine] | None
) -> set[str]:
    """The keys of lines here whose SKU the shop has not changed."""
    skus = {key_of(line, place): line.sku for place, line in enumerate(before or ())}
    keys = [(key_of(line, place), line.sku) for place, line in enumerate(wanted)]
    return {key for key, sku in keys if key in here and skus.get(key) == sku}


def _too_many(change: Opened) -> str:
    """Why a complete order cannot take these lines: there is more of something than was shipped."""
    if change.order.status != OrderStatus.COMPLETE:
        return ""
    more = next((line for line in change.lines if open_units(line)), None)
    if more is None:
        return ""
    return (
        f"The order is complete here, and the shop has {open_units(more)} × {more.sku or more.name} more than was"
        " shipped: nothing was taken over. Take its shipment back first, then synchronize again."
    )


def key_of(line: IncomingLine, place: int) -> str:
    return line.key or f"#{place}"


def line_key(line: OrderLine, place: int) -> str:
    return line.key or f"#{place}"


def _products(change: Opened, wanted: Sequence[IncomingLine], create: bool) -> dict[str, int]:
    names = {line.sku: line.name for line in wanted if line.stocked and line.sku}
    known = catalogue.find(change.order.project_id, list(names))
    if create and len(known) < len(names):
        new = {sku: name for sku, name in names.items() if sku not in known}
        known |= catalogue.create(change.order.project_id, new)
        eans = {sku: ean for sku, ean in known_by_ean(wanted).items() if sku in new}
        catalogue.add_eans(change.order.project_id, eans)
    return known


def values_of_line(incoming: IncomingLine, place: int) -> dict[str, Any]:
    return {
        "position": place,
        "key": incoming.key,
        "name": incoming.name,
        "unit_price": amounts.unit_price(incoming.unit_price),
        "total": amounts.amount(incoming.total),
        "tax": amounts.amount(incoming.tax),
        "tax_name": incoming.tax_name,
        "discount": amounts.amount(incoming.discount),
        "metadata": msgspec.json.decode(msgspec.json.encode(incoming.metadata)),
        "shipping": msgspec.to_builtins(incoming.shipping),
    }


def _add(change: Opened, incoming: IncomingLine, place: int, product_id: int | None) -> None:
    line = OrderLine(
        order=change.order,
        sku=incoming.sku,
        product_id=product_id,
        quantity=incoming.quantity,
        waiting=incoming.quantity if product_id is not None else 0,
        **values_of_line(incoming, place),
    )
    _take_refunded_off(line, incoming)
    change.lines.append(line)
    change.tell(f"{LINE}{line_key(line, place)}", None, _told(line))


def _overwrite(
    change: Opened, line: OrderLine, incoming: IncomingLine, place: int, product_id: int | None
) -> list[str]:
    before, reports = _told(line), []
    what = line.sku or line.name
    if product_id != line.product_id and line.shipped:
        reports.append(f"{line.shipped} × {what} are shipped: the product stays, though the shop's is {incoming.sku}.")
    elif product_id != line.product_id or incoming.sku != line.sku:
        exchange(line, product_id)
        line.sku = incoming.sku
    if incoming.quantity < line.shipped:
        reports.append(f"{line.shipped} × {what} are shipped, though the shop has only {incoming.quantity}.")
    units = max(incoming.quantity, line.shipped)
    off = min(incoming.refunded, units - line.shipped) if change.is_open else 0
    if (units, off) != (line.quantity, _cancelled_alone(change, line)):
        resize(line, incoming.quantity)
        _take_refunded_off(line, incoming)
    for name, value in values_of_line(incoming, place).items():
        setattr(line, name, value)
    _tell(change, line, place, before)
    return reports


def _take_refunded_off(line: OrderLine, incoming: IncomingLine) -> None:
    """Units that were paid back and have not left will not leave."""
    off = min(incoming.refunded, open_units(line))
    if off:
        cancel_units(line, off)


def _cancelled_alone(change: Opened, line: OrderLine) -> int:
    """Units cancelled of an order that is not cancelled as a whole."""
    return line.cancelled if change.is_open else 0


def _drop(change: Opened, line: OrderLine) -> list[str]:
    if line.shipped:
        before = _told(line)
        resize(line, line.shipped)
        # The shop asks nothing for it any more: with its amounts the parts would be more than the total.
        line.total = line.tax = line.discount = amounts.amount(ZERO)
        _tell(change, line, line.position, before)
        what = line.sku or line.name
        return [
            f"{line.shipped} × {what} are shipped: the line stays, without an amount, though the shop has dropped it."
        ]
    change.tell(f"{LINE}{line_key(line, line.position)}", _told(line), None)
    change.remove(line)
    return []


def _told(line: OrderLine) -> dict[str, Any]:
    return {name: plain(getattr(line, name)) for name in TOLD} | {"key": line.key, "position": line.position}


def _tell(change: Opened, line: OrderLine, place: int, before: dict[str, Any]) -> None:
    after = _told(line)
    if any(before[name] != after[name] for name in TOLD):
        change.tell(f"{LINE}{line_key(line, place)}", before, after)


def why_not_back(change: Opened, told: Mapping[str, Any]) -> str:
    """Why one change of a line cannot be undone; "" when it can: the line is still what it was changed to."""
    old, new = told["old"], told["new"]
    line = _named(change, told)
    what = (old or new)["sku"] or (old or new)["name"]
    if change.order.status == OrderStatus.COMPLETE:
        return f"{what} stays: the order is complete here."
    if (line is None) != (new is None) or (line is not None and _differs(line, new)):
        return f"{what} was changed since: it stays."
    if line is None:
        return ""
    if old is None:
        return f"{line.shipped} × {what} are shipped: the line stays." if line.shipped else ""
    if old["quantity"] < line.shipped or (line.shipped and old["product_id"] != line.product_id):
        return f"{line.shipped} × {line.sku or line.name} are shipped: the line stays as it is."
    return ""


def put_back(change: Opened, told: Mapping[str, Any]) -> None:
    """Undo one change of a line that `why_not_back` has nothing against; its open units wait for stock again."""
    name, old = str(told["field"]), told["old"]
    line = _named(change, told)
    before = None if line is None else _told(line)
    if line is not None and old is None:
        change.tell(name, before, None)
        change.remove(line)
        return
    if line is None:
        line = OrderLine(order=change.order, quantity=old["quantity"], sku=old["sku"])
        change.lines.append(line)
    if old["product_id"] is not None:
        change.lock_products([old["product_id"]])
    if before is None or old["product_id"] != line.product_id:
        exchange(line, old["product_id"])
    line.sku = old["sku"]
    if before is None or (line.quantity, line.cancelled) != (old["quantity"], old["cancelled"]):
        resize(line, old["quantity"])
    kept = ("name", "unit_price", "total", "tax", "tax_name", "discount", "metadata", "shipping", "key", "position")
    for field in kept:
        if field in old:  # a history of before knows less
            setattr(line, field, value_of(OrderLine, field, old[field]))
    change.tell(name, before, _told(line))


def _named(change: Opened, told: Mapping[str, Any]) -> OrderLine | None:
    here = {f"{LINE}{line_key(line, line.position)}": line for line in change.lines}
    return here.get(str(told["field"]))


def _differs(line: OrderLine, told: Mapping[str, Any]) -> bool:
    now = _told(line)
    return any(now[name] != told[name] for name in TOLD if name != "cancelled" and name in told)
