"""What a book has few of, made by the project's own services: projects, shops, people, segments, rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class World:
    """Primary keys. Of twenty rows of everything nineteen are of `project`, one is of `other`."""

    size: int
    """Orders of both projects."""
    account: int
    project: int
    other: int
    shops: tuple[int, int, int]
    """Two of `project`, four fifths and one fifth; one of `other`."""
    person: int
    letterheads: tuple[int, int]
    warehouses: tuple[int, int, int]
    """Two of `project`, the first one of `other`."""
    endpoint: int
    distributions: tuple[int, int]
    segment: int
    rule: int
    feed: int
    token: str
    """Of a key of the API."""

    @property
    def customers(self) -> int:
        return max(self.size * 3 // 10 // 20 * 20, 40)

    @property
    def products(self) -> int:
        return max(self.size // 50 // 20 * 20, 100)

    def of_project(self, main: object, other: object, number: str = "k") -> str:
        """One of two values by the project of the row."""
        return f"(CASE WHEN {number} % 20 = 0 THEN {other} ELSE {main} END)"


def make(size: int) -> World:
    from integrations.access import api_keys
    from integrations.choices import DistributionChannel, DistributionTrigger, Role, RunKind
    from integrations.models import Distribution, Project, WebhookEndpoint
    from integrations.shops.connection import set_up
    from orders.choices import EarningTrigger, SegmentKind
    from orders.documents import letterheads
    from orders.documents.letterheads import LetterheadWording
    from orders.points import earning_rules
    from orders.segments import definitions
    from stock import warehouses
    from tests.factories import IntegrationFactory, ProjectFactory, member

    project: Project = ProjectFactory.create()
    other: Project = ProjectFactory.create(account=project.account)
    shops = [IntegrationFactory.create(project=each) for each in (project, project, other)]
    for shop in shops:
        set_up(shop)
    person = member(project.account, Role.IMPORT_ADMIN, "benchmark")
    for each in (project, other):
        letterheads.change(each.pk, LetterheadWording("Tea"), logo=None, seen=None, actor_id=None)
    heads = [letterheads.in_force(each.pk).pk for each in (project, other)]
    first, elsewhere = (warehouses.first_of(each.pk) for each in (project, other))
    second = _second_warehouse(project.pk)
    endpoint = WebhookEndpoint.objects.create(
        project=project, url="https://partner.example/hooks", events=["customer.order.created"]
    )
    segment = definitions.create(project.pk, definitions.SegmentWish("Regulars", SegmentKind.STATIC), [])
    for number in range(20):
        definitions.create(project.pk, definitions.SegmentWish(f"Group {number}", SegmentKind.STATIC), [])
    rule = earning_rules.create(
        project.pk, earning_rules.EarningRuleWish("Every order", EarningTrigger.ORDER_CREATED, 5)
    )
    letters = [
        Distribution.objects.create(project=project, name=name, trigger=trigger, channel=DistributionChannel.EMAIL)
        for name, trigger in (
            ("Paid", DistributionTrigger.ORDER_PAID),
            ("Created", DistributionTrigger.ORDER_CREATED),
        )
    ]
    feed = shops[0].feeds.create(kind=RunKind.STOCK_FILES, enabled=False, interval=timedelta(hours=1))
    return World(
        size=size,
        account=project.account_id,
        project=project.pk,
        other=other.pk,
        shops=(shops[0].pk, shops[1].pk, shops[2].pk),
        person=person.pk,
        letterheads=(heads[0], heads[1]),
        warehouses=(first, second, elsewhere),
        endpoint=endpoint.pk,
        distributions=(letters[0].pk, letters[1].pk),
        segment=segment.pk,
        rule=rule.pk,
        feed=feed.pk,
        token=api_keys.make(project.pk, "Benchmark").token,
    )


def _second_warehouse(project_id: int) -> int:
    from django.db import transaction

    from stock import warehouses

    with transaction.atomic():
        return warehouses.add(project_id, "Brno").pk
