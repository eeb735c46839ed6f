"""Try a mapping of a value on orders that are on record, without saving it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from integrations.importing.mapping import Mapped, as_text
from integrations.importing.paths import ABSENT, DOCUMENT
from integrations.importing.payloads import read_stored
from integrations.models import Integration, RemoteOrder

NEWEST = 5


@dataclass(frozen=True)
class Tried:
    """What became of it in one order."""

    number: str
    remote_id: int
    found: str
    """What the shop says; "" where it says nothing."""
    becomes: str


def try_out(integration: Integration, mapped: Mapped, number: str = "") -> list[Tried]:
    """By the order of this number, or the newest; none where no such order is on record."""
    rows = RemoteOrder.objects.filter(integration=integration).exclude(payload="")
    if number:
        rows = rows.filter(Q(number=number) | Q(external_id=number))
    reader = integration.reader()
    if mapped.source.startswith(DOCUMENT):
        settings = {**reader.settings, "document_paths": (mapped.source,)}
        reader = replace(reader, settings=settings)
    tried = []
    for row in rows.order_by("-pk")[:NEWEST]:
        order = read_stored(integration.connector, reader, row.payload).order
        if order is not None:
            found, value = mapped.found_in(order), mapped.value_in(order)
            tried.append(Tried(row.number, row.pk, _shown(found), _shown(value)))
    return tried


def _shown(value: Any) -> str:
    return "" if value is ABSENT else as_text(value)[:300]
