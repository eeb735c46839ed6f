"""Put a shop's words into ours: SKUs, names of payments, shipping methods and taxes, metadata.

A mapping is loaded once per page and applied to each order before it is taken in. Orders that are here already follow
a changed mapping only when they are synchronised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from config.kit.sql import execute
from integrations.choices import ListKind, MappedField, Transform, UnknownCodes, UnknownTaxes
from integrations.connectors.kit.values import METADATA_SIZE
from integrations.importing import articles
from integrations.importing.articles import Articles
from integrations.importing.code_names import CodeNames, names_of
from integrations.importing.paths import ABSENT, DOCUMENT, at
from integrations.models import Integration
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingLine, IncomingOrder

# The reason codes of orders that wait until somebody has named their payment, shipping method or a tax.
UNMAPPED = {
    ListKind.PAYMENT: "unmapped_payment",
    ListKind.SHIPPING_METHOD: "unmapped_delivery",
    ListKind.TAX: "unmapped_tax",
}
WORDS = {ListKind.PAYMENT: "payment", ListKind.SHIPPING_METHOD: "shipping method", ListKind.TAX: "tax"}
# Every page asks for both: written out, because composing them costs more than their answers.
CODE_NAMES = (
    "SELECT kind, code, name FROM integrations_codelistentry"
    " WHERE integration_id = %s AND kind = ANY(%s) AND name <> '' ORDER BY kind, code"
)
METADATA = (
    "SELECT source, name, field, transform FROM integrations_metadatamapping WHERE integration_id = %s ORDER BY source"
)
# Characters of the fields that a value may become.
LENGTHS = {
    MappedField.NOTE: 10_000,
    MappedField.PHONE: 40,
    MappedField.COMPANY: 200,
    MappedField.PAYMENT: 200,
    MappedField.SHIPPING: 200,
}
TRANSFORMS: dict[Transform, Callable[[str], str]] = {
    Transform.TRIM: str.strip,
    Transform.UPPER: str.upper,
    Transform.LOWER: str.lower,
    Transform.DIGITS: lambda text: "".join(filter(str.isdigit, text)),
    Transform.FIRST_LINE: lambda text: next(iter(text.splitlines()), ""),
}


class Mapped(Struct, frozen=True):
    """Where a value stands and what it becomes."""

    source: str
    name: str = ""
    """Of metadata."""
    field: str = MappedField.METADATA
    transform: str = Transform.NONE

    def found_in(self, order: IncomingOrder) -> Any:
        """The value as the shop has it, ABSENT where it has none. A key may hold dots itself."""
        if self.source.startswith(DOCUMENT):
            return order.picked.get(self.source, ABSENT)
        return order.metadata[self.source] if self.source in order.metadata else at(order.metadata, self.source)

    def value_in(self, order: IncomingOrder) -> Any:
        """The value as it is taken over, ABSENT where the order has none; for a field its text."""
        value = self.found_in(order)
        if value is ABSENT:
            return ABSENT
        if self.field == MappedField.METADATA and self.transform == Transform.NONE:
            return value
        text = _text(value)
        if text is None:
            return ABSENT
        text = TRANSFORMS.get(Transform(self.transform), str)(text)
        return text[: LENGTHS.get(MappedField(self.field), METADATA_SIZE)]


class Mapping(Struct, frozen=True):
    """What is set for one integration."""

    articles: Articles = Articles()
    names: dict[ListKind, CodeNames] = {}
    """Our names by the shop's codes, for payments, shipping methods and taxes."""
    metadata: tuple[Mapped, ...] = ()
    strict: frozenset[ListKind] = frozenset()
    """The lists whose unnamed codes fail an order."""

    @property
    def fields(self) -> frozenset[str]:
        """The order's own fields that values become."""
        fields = {each.field for each in self.metadata}
        return frozenset({"billing", "buyer", *fields} if MappedField.COMPANY in fields else fields)

    def apply(self, order: IncomingOrder) -> IncomingOrder | Obstacle:
        """The order in our words; a code that is not named and must be is in its way."""
        changes: dict[str, Any] = {}
        for kind, field in ((ListKind.PAYMENT, "payment"), (ListKind.SHIPPING_METHOD, "shipping")):
            title = getattr(order, f"{field}_title")
            code = code_of(getattr(order, f"{field}_code"), title)
            name = self._name(kind, code)
            if name:
                changes[f"{field}_title"] = name
            elif code and kind in self.strict:
                return _unmapped(kind, code, title)
        lines = tuple(map(self._line, order.lines))
        obstacle = next((line for line in lines if isinstance(line, Obstacle)), None)
        if obstacle is not None:
            return obstacle
        if any(line is not before for line, before in zip(lines, order.lines, strict=True)):
            changes["lines"] = lines
        if self.metadata:
            changes |= _taken_over(order, self.metadata)
        return msgspec.structs.replace(order, **changes) if changes else order

    def _name(self, kind: ListKind, code: str) -> str:
        return self.names[kind].of(code) if kind in self.names else ""

    def _line(self, line: IncomingLine) -> IncomingLine | Obstacle:
        sku, tax = self.articles.of(line), self._name(ListKind.TAX, line.tax_code)
        if isinstance(sku, Obstacle):
            return sku
        if line.tax_code and not tax and ListKind.TAX in self.strict:
            return _unmapped(ListKind.TAX, line.tax_code, "")
        if (sku, tax) == (line.sku, line.tax_name):
            return line
        return msgspec.structs.replace(line, sku=sku, tax_name=tax)


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


def _taken_over(order: IncomingOrder, mapped: Iterable[Mapped]) -> dict[str, Any]:
    """The fields that change. A key of the metadata is moved; what comes from within it, or the document, is copied."""
    found = [(each, value) for each in mapped if (value := each.value_in(order)) is not ABSENT]
    named = {each.name: value for each, value in found if each.field == MappedField.METADATA}
    moved = {each.source for each, _ in found if each.field == MappedField.METADATA}
    changes: dict[str, Any] = {}
    if named:
        changes["metadata"] = {key: value for key, value in order.metadata.items() if key not in moved} | named
    for each, value in found:
        if each.field == MappedField.METADATA or not value:
            continue
        if each.field == MappedField.COMPANY:
            changes["billing"] = msgspec.structs.replace(order.billing, company=value)
        else:
            changes[each.field] = value
    return changes


def as_text(value: Any) -> str:
    """A value for people: what has parts of its own as JSON."""
    text = _text(value)
    return msgspec.json.encode(value).decode() if text is None else text


def _text(value: Any) -> str | None:
    """The text of a value; None for what has parts with names of their own."""
    if isinstance(value, list):
        parts = [_text(each) for each in value]
        return None if None in parts else ", ".join(filter(None, parts))
    return None if isinstance(value, dict) else "" if value is None else str(value)


def load(integration: Integration, orders: Sequence[IncomingOrder] | None = None) -> Mapping:
    """The mapping of an integration; only the articles that occur in `orders`, when these are given."""
    named: dict[ListKind, list[tuple[str, str]]] = {}
    for kind, code, name in execute(CODE_NAMES, [integration.pk, [kind.value for kind in UNMAPPED]]):
        named.setdefault(ListKind(kind), []).append((code, name))
    settings = (
        (ListKind.PAYMENT, integration.unknown_payments == UnknownCodes.FAIL),
        (ListKind.SHIPPING_METHOD, integration.unknown_deliveries == UnknownCodes.FAIL),
        (ListKind.TAX, integration.unknown_taxes == UnknownTaxes.FAIL),
    )
    return Mapping(
        articles=articles.load(integration, None if orders is None else articles.keys_of(orders)),
        names={kind: names_of(pairs) for kind, pairs in named.items()},
        metadata=tuple(Mapped(*row) for row in execute(METADATA, [integration.pk])),
        strict=frozenset(kind for kind, fails in settings if fails),
    )
