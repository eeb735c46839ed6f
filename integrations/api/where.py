"""Where is my order?, for programs: the answers of the admin's search, in one project."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit.api.queries import FilledTextField, OneOfField, QuerySerializer
from config.kit.api.structs import serializer_of
from config.kit.times import when
from integrations.api import shapes
from integrations.api.partner_views import ProjectView
from integrations.choices import ApiScope
from integrations.finding import asking_shops, everywhere, whereabouts
from integrations.finding.timeline import timeline
from integrations.finding.whereabouts import OrderAnswer
from integrations.models import Integration
from orders.models import Order


class WhereQuery(QuerySerializer):
    q = FilledTextField(
        help_text="An order number, an id of a shop, an e-mail, a name, a phone, a SKU, or a paper's number."
    )
    ask_shops = OneOfField(("false", "true"), help_text="`true`: shops are asked for orders that are not on record.")


class WhereView(ProjectView):
    """GET: where the orders are that are called so; what has happened to it, where there is one."""

    required_scopes = (ApiScope.BACK_OFFICE,)
    query_serializer_classes = {"get": WhereQuery}

    @extend_schema(
        summary="Where is my order?",
        description="Orders on record first. Where there is none and `ask_shops` is `true`, each shop is asked for the"
        " number or id, which takes as long as the shops take, at most about half a minute; nothing is imported.",
        responses=serializer_of(shapes.WhereAnswers),
    )
    def get(self, request: Request) -> Response:
        # PostgreSQL keeps no NUL characters.
        text, asks = self.query["q"].replace("\0", ""), self.query["ask_shops"] == "true"
        found = everywhere.find([self.project], text)
        answers = [
            whereabouts.of_order(row) if isinstance(row, Order) else whereabouts.of_remote(row)
            for row in found.rows(text)
        ]
        if asks and not answers:
            shops = Integration.objects.filter(project=self.project).select_related("project__account")
            answers = asking_shops.ask_shops(shops, text)
        alone = len(answers) == 1
        return Response(shapes.WhereAnswers([self._answer(each, alone=alone) for each in answers]))

    def _answer(self, answer: OrderAnswer, *, alone: bool) -> shapes.WhereAnswer:
        give = self.ids.give
        return shapes.WhereAnswer(
            where=answer.where,
            sentence=answer.sentence,
            number=answer.subject,
            integration_id=None if answer.integration is None else give("int", answer.integration.pk),
            remote_order_id=None if answer.remote is None else give("rem", answer.remote.pk),
            order_id=None if answer.order is None else give("ord", answer.order.pk),
            placed_at=when(answer.placed_at),
            moments=[shapes.OrderMoment(when(each.at), each.text) for each in (timeline(answer) if alone else ())],
        )
