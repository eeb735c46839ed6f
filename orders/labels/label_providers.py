"""The interface of label providers, which of them there are, and their labels for shipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config.kit.refusals import Refused
from orders.models import Shipment
from orders.work import shipping


class LabelRefused(Refused):
    """No labels were made; the message names the order and says what to change."""


@dataclass(frozen=True)
class PrintedLabels:
    """What a provider gives for some shipments."""

    pdf: bytes
    """One file with the labels of all of them, in their order."""
    tracking_numbers: Mapping[int, str] = field(default_factory=dict)
    """By the ids of shipments, where the carrier gave one."""
    carrier: str = ""
    """Kept with those tracking numbers; "" where the shipment's own stays."""


class LabelProvider(Protocol):
    """Makes labels for parcels, see `orders.labels`. Made anew for each use, without arguments."""

    key: str
    """Of letters and digits; it stands in forms."""
    title: str
    """As people choose it."""

    def print(self, shipments: Sequence[Shipment]) -> PrintedLabels:
        """Labels for at least one shipment. Raises LabelRefused, and then for none of them."""
        ...


def providers() -> dict[str, LabelProvider]:
    """Those of the setting, by their keys. Raises ImproperlyConfigured with a sentence that names the wrong one."""
    found: dict[str, LabelProvider] = {}
    for path in settings.LABEL_PROVIDERS:
        try:
            made: LabelProvider = import_string(path)()
        except ImportError as error:
            raise ImproperlyConfigured(f"LABEL_PROVIDERS names {path}, which cannot be imported: {error}.") from error
        if made.key in found:
            raise ImproperlyConfigured(f"LABEL_PROVIDERS names two providers with the key {made.key}: keep one.")
        found[made.key] = made
    return found


def print_labels(provider: LabelProvider, shipments: Sequence[Shipment], *, actor_id: int | None) -> bytes:
    """The labels of these shipments as one PDF; tracking numbers that came along are kept where there was none.

    Raises LabelRefused. Shipments that were cancelled get no label.
    """
    wanted = [row for row in shipments if row.cancelled_at is None]
    if not wanted:
        raise LabelRefused("None of these orders has left with a shipment yet: ship them first.")
    printed = provider.print(wanted)
    for row in wanted:
        number = printed.tracking_numbers.get(row.pk, "")
        if number and not row.tracking_number:
            shipping.set_tracking(row.pk, printed.carrier or row.carrier, number, actor_id=actor_id)
    return printed.pdf
