"""Distributions and their messages as resources, to be read."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from config.kit.api.resources import when
from integrations import filters
from integrations.api import shapes
from integrations.api.partner_views import OfficeList, OfficeOne, OfficeResource
from integrations.models import Distribution, Message


class Distributions(OfficeResource):
    kind, name, shape = "dist", "distribution", shapes.Distribution

    def rows(self) -> QuerySet[Distribution]:
        return Distribution.objects.filter(project=self.project)

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


class DistributionsView(Distributions, OfficeList):
    filters = filters.DISTRIBUTIONS


class DistributionView(Distributions, OfficeOne): ...


class Messages(OfficeResource):
    kind, name, shape = "msg", "message", shapes.Message

    def rows(self) -> QuerySet[Message]:
        return Message.objects.filter(distribution__project=self.project)

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


class MessagesView(Messages, OfficeList):
    filters = filters.MESSAGES


class MessageView(Messages, OfficeOne): ...
