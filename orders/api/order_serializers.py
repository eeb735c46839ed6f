"""Orders in and out of the API: msgspec reads and writes them, for an import brings thousands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from django.conf import settings
from drf_spectacular.utils import PolymorphicProxySerializer
from msgspec import Meta

from config.kit.api import bodies
from config.kit.api.structs import StructSerializer, serializer_of
from integrations.api.export_shapes import NewOrdersExport, OrdersExportAsked
from orders.api import documents, shapes
from orders.models import Order
from orders.partners.answers import publish
from orders.partners.published import PublishedOrder


class OrderSerializer(StructSerializer):
    """An order as it is published."""

    struct = shapes.Order

    def documents(self, rows: Sequence[Order]) -> list[Any]:
        return list(publish(self.ids, rows))


class NewOrderSerializer(StructSerializer):
    """The body of one order; it may create one."""

    struct = PublishedOrder
    new = True

    def run_validation(self, data: Any = b"") -> PublishedOrder:
        return documents.one(data, new=self.new)


class OrderChangeSerializer(NewOrderSerializer):
    new = False


class OrdersToImportSerializer(StructSerializer):
    """The body of an import; every bad row of it is told."""

    struct = Annotated[list[PublishedOrder], Meta(min_length=1)]

    def run_validation(self, data: Any = b"") -> Sequence[PublishedOrder]:
        return documents.many(data, settings.BULK_IMPORT_LIMIT)


IMPORT_ANSWER = PolymorphicProxySerializer(
    "ImportAnswer",
    [serializer_of(shapes.ImportAsked), serializer_of(shapes.ImportChecked)],  # type: ignore[list-item]
    resource_type_field_name=None,
)


OPEN = msgspec.json.Decoder(OrdersExportAsked)


class ExportRequestSerializer(StructSerializer):
    struct = NewOrdersExport

    def run_validation(self, data: Any = b"") -> dict[str, Any]:
        """The parameters alone; they are checked where the rows are chosen."""
        return bodies.decode(data, OPEN).parameters or {}
