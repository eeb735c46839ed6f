"""What a history entry, or the look before a synchronisation, changes: field by field, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from config.kit.money import money
from config.kit.postal import address_lines
from orders.choices import OrderStatus, Part
from orders.work.refresh.fields import FIELDS, TEXTS, label
from orders.work.refresh.lines import LINE

# What, old, new; "" where there was or is nothing.
Row = tuple[str, str, str]
AMOUNTS = {*FIELDS[Part.ITEMS], "tax", "discount", "unit_price"} - TEXTS
LINE_WORDS = {
    "sku": "SKU", "name": "name", "quantity": "quantity", "cancelled": "cancelled", "unit_price": "unit price",
    "total": "net", "tax": "tax", "tax_name": "name of the tax", "discount": "discount", "metadata": "metadata",
    "shipping": "address",
}  # fmt: skip


def rows(changes: Iterable[Mapping[str, Any]], currency: str) -> list[Row]:
    return [row for change in changes for row in _rows(change, currency)]


def _rows(change: Mapping[str, Any], currency: str) -> Iterator[Row]:
    field, old, new = str(change.get("field", "")), change.get("old"), change.get("new")
    if field.startswith(LINE) and isinstance(old or new, dict):
        yield from _line(old, new, currency)
    elif field == "metadata" and isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                yield _("Metadata: %(key)s") % {"key": key}, text(old.get(key)), text(new.get(key))
    else:
        yield label(field), value(field, old, currency), value(field, new, currency)


def _line(old: dict[str, Any] | None, new: dict[str, Any] | None, currency: str) -> Iterator[Row]:
    if old is None or new is None:
        words = [f"{each['quantity']} × {each['sku'] or each['name']}" if each else "" for each in (old, new)]
        yield (_("Item added") if old is None else _("Item removed")), words[0], words[1]
        return
    what = new["sku"] or new["name"]
    for name, word in LINE_WORDS.items():
        if old.get(name) != new.get(name):
            yield f"{what}: {word}", value(name, old.get(name), currency), value(name, new.get(name), currency)


def value(field: str, raw: Any, currency: str) -> str:
    """One value: amounts in the order's currency, statuses by name, addresses on one line, times in the zone."""
    if raw in (None, ""):
        return ""
    if field in AMOUNTS:
        try:
            return money(Decimal(str(raw)), currency)
        except InvalidOperation:
            return str(raw)
    if field == "status":
        return str(dict(OrderStatus.choices).get(raw, raw))
    if field == "paid_at":
        at = parse_datetime(str(raw))
        return date_format(localtime(at), "DATETIME_FORMAT") if at else str(raw)
    if isinstance(raw, dict) and field in {"billing", "shipping"}:
        return ", ".join(address_lines(raw))
    return text(raw)


def text(raw: Any) -> str:
    if raw is None:
        return ""
    return raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
