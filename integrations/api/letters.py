"""Distributions and their messages as resources, to be read."""

from __future__ import annotations

from collections.abc import Sequence

from config.kit.api.structs import StructSerializer
from config.kit.times import when
from integrations import filters
from integrations.api import shapes
from integrations.api.partner_views import OfficeReadViewSet
from integrations.models import Distribution, Message


class DistributionSerializer(StructSerializer):
    struct = shapes.Distribution

    def documents(self, rows: Sequence[Distribution]) -> list[shapes.Distribution]:
        return [
            shapes.Distribution(
                id=self.ids.give("dist", row.pk),
                name=row.name,
                trigger=row.trigger,
                segment_id=None if row.segment_id is None else self.ids.give("seg", row.segment_id),
                channel=row.channel,
                enabled=row.enabled,
                created_at=when(row.created_at),
            )
            for row in rows
        ]


class DistributionViewSet(OfficeReadViewSet):
    queryset = Distribution.objects.all()
    serializer_class = DistributionSerializer
    filterset_class = filters.DISTRIBUTIONS
    id_prefix, resource_name, id_says = "dist", "distribution", "The id of the distribution, `dist_…`."


class MessageSerializer(StructSerializer):
    struct = shapes.Message

    def documents(self, rows: Sequence[Message]) -> list[shapes.Message]:
        return [
            shapes.Message(
                id=self.ids.give("msg", row.pk),
                distribution_id=self.ids.give("dist", row.distribution_id),
                customer_id=self.ids.give("cust", row.customer_id),
                order_id=None if row.order_id is None else self.ids.give("ord", row.order_id),
                state=row.state,
                reason=row.reason,
                created_at=when(row.created_at),
                sent_at=when(row.sent_at),
            )
            for row in rows
        ]


class MessageViewSet(OfficeReadViewSet):
    queryset = Message.objects.all()
    project_field = "distribution__project"
    serializer_class = MessageSerializer
    filterset_class = filters.MESSAGES
    id_prefix, resource_name, id_says = "msg", "message", "The id of the message, `msg_…`."
