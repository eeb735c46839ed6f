"""Put a shop's words into ours: SKUs, names of payments and shipping methods, metadata.

A mapping is loaded once per page and applied to each order before it is taken in. Orders that are here already follow
a changed mapping only when they are synchronised.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from config.kit.sql import execute
from integrations.choices import ListKind, UnknownCodes
from integrations.models import Integration
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingLine, IncomingOrder

# The reason codes of orders that wait until somebody has named their payment or shipping method.
UNMAPPED = {ListKind.PAYMENT: "unmapped_payment", ListKind.SHIPPING_METHOD: "unmapped_delivery"}
WORDS = {ListKind.PAYMENT: "payment", ListKind.SHIPPING_METHOD: "shipping method"}
ABSENT = object()


class Mapping(Struct, frozen=True):
    """What is set for one integration."""

    skus: dict[str, str] = {}
    """Our SKU by the shop's."""
    names: dict[ListKind, dict[str, str]] = {}
    """Our name by the shop's code, for payments and shipping methods."""
    metadata: tuple[tuple[str, str], ...] = ()
    """(key or dotted path, our name)."""
    strict: frozenset[ListKind] = frozenset()
    """The lists whose unnamed codes fail an order."""

    def apply(self, order: IncomingOrder) -> IncomingOrder | Obstacle:
        """The order in our words; a code that is not named and must be is in its way."""
        changes: dict[str, Any] = {}
        for kind, field in ((ListKind.PAYMENT, "payment"), (ListKind.SHIPPING_METHOD, "shipping")):
            title = getattr(order, f"{field}_title")
            code = code_of(getattr(order, f"{field}_code"), title)
            name = self.names.get(kind, {}).get(code)
            if name:
                changes[f"{field}_title"] = name
            elif code and kind in self.strict:
                return _unmapped(kind, code, title)
        if self.skus and any(line.sku in self.skus for line in order.lines):
            changes["lines"] = tuple(self._line(line) for line in order.lines)
        if self.metadata:
            changes["metadata"] = renamed(order.metadata, self.metadata)
        return msgspec.structs.replace(order, **changes) if changes else order

    def _line(self, line: IncomingLine) -> IncomingLine:
        sku = self.skus.get(line.sku)
        return msgspec.structs.replace(line, sku=sku) if sku else line


def code_of(code: str, title: str) -> str:
    """What a payment or shipping method is known by: its code, or its title where the shop gives none."""
    return code or title[:100]


def _unmapped(kind: ListKind, code: str, title: str) -> Obstacle:
    known_as = f" ({title})" if title and title != code else ""
    return Obstacle(
        UNMAPPED[kind],
        f"The {WORDS[kind]} “{code}”{known_as} has no name here: give it one, then its orders are imported."[:500],
        code,
    )


def renamed(metadata: dict[str, Any], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Metadata under our names. A key is moved; a value inside a nested one is copied out, the rest stays as it is."""
    found = [(source, name, _at(metadata, source)) for source, name in pairs]
    found = [(source, name, value) for source, name, value in found if value is not ABSENT]
    moved = {source for source, _, _ in found}
    rest = {key: value for key, value in metadata.items() if key not in moved}
    return rest | {name: value for _, name, value in found}


def _at(metadata: dict[str, Any], source: str) -> Any:
    """The value of a key, which may hold dots itself, or at a dotted path; numbers count into lists from 0."""
    if source in metadata:
        return metadata[source]
    value: Any = metadata
    for part in source.split("."):
        if isinstance(value, dict):
            value = value.get(part, ABSENT)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 6 and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value


def load(integration: Integration, orders: Sequence[IncomingOrder] | None = None) -> Mapping:
    """The mapping of an integration; only the SKUs that occur in `orders`, when these are given."""
    names: dict[ListKind, dict[str, str]] = {}
    entries = integration.code_list.filter(kind__in=UNMAPPED).exclude(name="")
    for kind, code, name in entries.values_list("kind", "code", "name"):
        names.setdefault(ListKind(kind), {})[code] = name
    settings = (
        (ListKind.PAYMENT, integration.unknown_payments),
        (ListKind.SHIPPING_METHOD, integration.unknown_deliveries),
    )
    return Mapping(
        skus=_skus(integration, None if orders is None else {line.sku for order in orders for line in order.lines}),
        names=names,
        metadata=tuple(integration.metadata_mappings.values_list("source", "name")),
        strict=frozenset(kind for kind, unknown in settings if unknown == UnknownCodes.FAIL),
    )


def widened(mapping: Mapping, integration: Integration, skus: Collection[str]) -> Mapping:
    """The mapping with these SKUs of the shop, too."""
    return msgspec.structs.replace(mapping, skus=mapping.skus | _skus(integration, skus)) if skus else mapping


def _skus(integration: Integration, wanted: Collection[str] | None) -> dict[str, str]:
    """Our SKUs by the shop's, asked for as one array: a parameter for each SKU costs more than the look-up."""
    if wanted is None:
        return dict(integration.sku_mappings.order_by().values_list("shop_sku", "sku"))
    found = execute(
        "SELECT shop_sku, sku FROM integrations_skumapping WHERE integration_id = %s AND shop_sku = ANY(%s)",
        [integration.pk, sorted(wanted)],
    )
    return dict(found)
