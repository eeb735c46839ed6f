"""Save what a person says a shop's words mean: SKUs, payments, shipping methods, taxes, metadata.

Saying the same twice changes nothing. What somebody else has said meanwhile is never overwritten unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from config.kit.refusals import Refused
from integrations.choices import ArticleKey, ListKind, MappedField, Transform, UnknownCodes, UnknownTaxes
from integrations.models import CodeListEntry, Integration, MetadataMapping, SkuMapping
from stock import catalogue


class MappingRefused(Refused):
    """Nothing was saved; the message is for staff. `place` is the row it is about, where several were sent."""

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Named:
    """A payment, shipping method or tax and its name as a person wants it; `seen` is the name the page showed them."""

    entry_id: int
    seen: str
    name: str


def map_sku(integration: Integration, shop_sku: str, sku: str) -> bool:
    """Let a SKU of the shop, or an EAN, stand for one of our products. Whether that is new. Raises MappingRefused."""
    if shop_sku == sku:
        raise MappingRefused("Both SKUs are the same: there is nothing to map.")
    if not catalogue.find(integration.project_id, [sku]):
        raise MappingRefused(f"There is no product with the SKU {sku}: choose another one, or add it first.")
    mapping, new = SkuMapping.objects.get_or_create(integration=integration, shop_sku=shop_sku, defaults={"sku": sku})
    if mapping.sku != sku:
        raise MappingRefused(f"{shop_sku} stands for {mapping.sku} already: remove that mapping first.")
    return new


def name_code(integration: Integration, kind: ListKind, code: str, name: str, label: str = "") -> bool:
    """Give a payment, shipping method or tax its name here. Whether that is new. Raises MappingRefused."""
    entry, _ = CodeListEntry.objects.get_or_create(
        integration=integration, kind=kind, code=code, defaults={"label": label[:200] or code}
    )
    if CodeListEntry.objects.filter(pk=entry.pk, name="").update(name=name):
        return True
    entry.refresh_from_db()
    if entry.name != name:
        raise MappingRefused(f"“{code}” is called “{entry.name}” here already: change that on the page of the shop.")
    return False


def save_names(integration: Integration, wanted: Sequence[Named]) -> list[str]:
    """Save the names of several entries, all or none; a sentence per change. Raises MappingRefused."""
    changes = []
    with transaction.atomic():
        entries = {entry.pk: entry for entry in integration.code_list.select_for_update().order_by("pk")}
        for place, row in enumerate(wanted):
            entry = entries.get(row.entry_id)
            if entry is None:
                raise MappingRefused("This code is not there any more: open the page again.", place)
            if entry.name == row.name:
                continue
            if entry.name != row.seen:
                raise MappingRefused(f"Changed meanwhile by somebody else to “{entry.name}”.", place)
            CodeListEntry.objects.filter(pk=entry.pk).update(name=row.name)
            called = f"“{row.name}”" if row.name else "as in the shop"
            changes.append(f"{entry.get_kind_display()}: “{entry.code}” is called {called}.")
    return changes


def map_metadata(
    integration: Integration,
    source: str,
    name: str,
    field: MappedField = MappedField.METADATA,
    transform: Transform = Transform.NONE,
) -> bool:
    """Say what a value of the shop's orders becomes here. Whether that is new. Raises MappingRefused."""
    wanted = {"name": name if field == MappedField.METADATA else "", "field": field.value, "transform": transform.value}
    try:
        with transaction.atomic():
            mapping, new = MetadataMapping.objects.get_or_create(
                integration=integration, source=source, defaults=wanted
            )
    except IntegrityError as error:
        if "field_mapped_once" in str(error):
            raise MappingRefused(
                f"Another value becomes “{field.label}” already: remove that mapping first."
            ) from error
        if "metadata_name_once" not in str(error):
            raise
        raise MappingRefused(f"Another key is called “{name}” already: choose another name.") from error
    if any(getattr(mapping, each) != value for each, value in wanted.items()):
        is_called = f"is called “{mapping.name}”" if mapping.name else f"becomes “{mapping.get_field_display()}”"
        how = "" if mapping.transform == Transform.NONE else f", {mapping.get_transform_display().lower()},"
        raise MappingRefused(f"{source} {is_called}{how} already: remove that mapping first.")
    return new


def remove(integration: Integration, what: type[SkuMapping] | type[MetadataMapping], pk: int) -> str:
    """Forget a mapping; what it said, "" when it is gone already."""
    found = what._default_manager.filter(integration=integration, pk=pk).first()
    if found is None:
        return ""
    found.delete()
    return str(found)


def set_articles(integration: Integration, by: ArticleKey) -> bool:
    """What articles of the shop are found by. Whether that changed."""
    if integration.articles_by == by:
        return False
    Integration.objects.filter(pk=integration.pk).update(articles_by=by)
    return True


def set_unknown(
    integration: Integration, payments: UnknownCodes, deliveries: UnknownCodes, taxes: UnknownTaxes
) -> bool:
    """What happens to orders with unnamed payments, shipping methods and taxes. Whether that changed."""
    wanted = {"unknown_payments": payments, "unknown_deliveries": deliveries, "unknown_taxes": taxes}
    if all(getattr(integration, name) == value for name, value in wanted.items()):
        return False
    Integration.objects.filter(pk=integration.pk).update(**wanted)
    return True
