"""The lines of an order, overwritten from the shop's, or put back as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from config.kit import amounts
from orders.choices import OrderStatus
from orders.intake.incoming import IncomingLine
from orders.models import OrderLine
from orders.work.changing import Opened, exchange, plain, resize, value_of
from stock import catalogue

# How a line is named in the history: this and its key, or its place where the shop gives no key.
LINE = "line "
# What the history keeps of a line.
TOLD = ("sku", "name", "quantity", "cancelled", "unit_price", "total", "tax", "discount", "metadata", "product_id")


def overwrite(change: Opened, wanted: Sequence[IncomingLine], *, create: bool) -> tuple[str, list[str]]:
    """Make the order's lines the shop's: ("" or why it is not possible, what stays as it is here)."""
    products = _products(change, wanted, create=create)
    missing = [line.sku for line in wanted if line.stocked and line.sku and line.sku not in products]
    if missing:
        return f"SKU {missing[0]} is not among the products: create or map it, then synchronize again.", []
    change.lock_products(products.values())
    here = {line_key(line, place): line for place, line in enumerate(change.lines)}
    reports: list[str] = []
    for place, incoming in enumerate(wanted):
        product_id = products.get(incoming.sku) if incoming.stocked else None
        line = here.pop(incoming.key or f"#{place}", None)
        if line is None:
            _add(change, incoming, place, product_id)
        else:
            reports += _overwrite(change, line, incoming, place, product_id)
    for line in here.values():
        reports += _drop(change, line)
    return "", reports


def differences(change: Opened, wanted: Sequence[IncomingLine]) -> list[str]:
    """One sentence when the shop's lines are not those here; for orders whose lines stay."""
    ours = sorted((line.sku, line.quantity) for line in change.lines)
    theirs = sorted((line.sku, line.quantity) for line in wanted)
    return ["The order is complete here: its items stay, though the shop's differ."] if ours != theirs else []


def line_key(line: OrderLine, place: int) -> str:
    return line.key or f"#{place}"


def _products(change: Opened, wanted: Sequence[IncomingLine], *, create: bool) -> dict[str, int]:
    names = {line.sku: line.name for line in wanted if line.stocked and line.sku}
    known = catalogue.find(change.order.project_id, list(names))
    if create and len(known) < len(names):
        known |= catalogue.create(
            change.order.project_id, {sku: name for sku, name in names.items() if sku not in known}
        )
    return known


def _values(incoming: IncomingLine, place: int) -> dict[str, Any]:
    return {
        "position": place,
        "key": incoming.key,
        "name": incoming.name,
        "unit_price": amounts.unit_price(incoming.unit_price),
        "total": amounts.amount(incoming.total),
        "tax": amounts.amount(incoming.tax),
        "discount": amounts.amount(incoming.discount),
        "metadata": msgspec.json.decode(msgspec.json.encode(incoming.metadata)),
    }


def _add(change: Opened, incoming: IncomingLine, place: int, product_id: int | None) -> None:
    line = OrderLine(
        order=change.order,
        sku=incoming.sku,
        product_id=product_id,
        quantity=incoming.quantity,
        waiting=incoming.quantity if product_id is not None and change.is_open else 0,
        **_values(incoming, place),
    )
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
    if (max(incoming.quantity, line.shipped), 0) != (line.quantity, _cancelled_alone(change, line)):
        resize(line, incoming.quantity)
    for name, value in _values(incoming, place).items():
        setattr(line, name, value)
    _tell(change, line, place, before)
    return reports


def _cancelled_alone(change: Opened, line: OrderLine) -> int:
    """Units cancelled of an order that is not cancelled as a whole."""
    return line.cancelled if change.is_open else 0


def _drop(change: Opened, line: OrderLine) -> list[str]:
    if line.shipped:
        before = _told(line)
        resize(line, line.shipped)
        _tell(change, line, line.position, before)
        return [
            f"{line.shipped} × {line.sku or line.name} are shipped: the line stays, though the shop has dropped it."
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


def put_back(change: Opened, told: Mapping[str, Any]) -> list[str]:
    """Undo one change of a line, when the line is still what it was changed to; else say that it stays."""
    name, old, new = str(told["field"]), told["old"], told["new"]
    here = {f"{LINE}{line_key(line, line.position)}": line for line in change.lines}
    line = here.get(name)
    what = (old or new)["sku"] or (old or new)["name"]
    if change.order.status == OrderStatus.COMPLETE:
        return [f"{what} stays: the order is complete here."]
    if (line is None) != (new is None) or (line is not None and _differs(line, new)):
        return [f"{what} was changed since: it stays."]
    if old is None and line is not None:
        if line.shipped:
            return [f"{line.shipped} × {what} are shipped: the line stays."]
        change.tell(name, _told(line), None)
        change.remove(line)
        return []
    if line is None:
        line = OrderLine(order=change.order, quantity=old["quantity"], sku=old["sku"])
        change.lines.append(line)
        before = None
    else:
        before = _told(line)
    return _restore(change, line, name, old, before)


def _restore(
    change: Opened, line: OrderLine, name: str, old: Mapping[str, Any], before: dict[str, Any] | None
) -> list[str]:
    """Give a line the values the history keeps; its open units wait for stock again."""
    if old["quantity"] < line.shipped or (line.shipped and old["product_id"] != line.product_id):
        return [f"{line.shipped} × {line.sku or line.name} are shipped: the line stays as it is."]
    if old["product_id"] is not None:
        change.lock_products([old["product_id"]])
    if before is None or old["product_id"] != line.product_id:
        exchange(line, old["product_id"])
    line.sku = old["sku"]
    if before is None or (line.quantity, line.cancelled) != (old["quantity"], old["cancelled"]):
        resize(line, old["quantity"])
    for field in ("name", "unit_price", "total", "tax", "discount", "metadata", "key", "position"):
        setattr(line, field, value_of(OrderLine, field, old[field]))
    change.tell(name, before, _told(line))
    return []


def _differs(line: OrderLine, told: Mapping[str, Any]) -> bool:
    now = _told(line)
    return any(now[name] != told[name] for name in TOLD if name != "cancelled")
