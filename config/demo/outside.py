"""The outside at work: shops that are told, a marketplace that hands on, a warehouse of others."""

from __future__ import annotations

from collections.abc import Mapping

from config.demo import northgate, outlet, seeding, telling
from config.demo.director import Hands
from config.demo.world import OUTLET, TOLD, DemoShop
from integrations.models import Integration, Project
from integrations.pushes import going_live


def seed(projects: list[Project], ports: Mapping[DemoShop, int], warehouse: int) -> None:
    """Connect marketplace and warehouse, and switch live what is told. Later starts change only the addresses."""
    main, pantry = projects[0], projects[-1]
    new = seeding.connect(main, OUTLET, ports[OUTLET])
    northgate.seed(pantry, warehouse)
    if not new:
        return
    outlet.hand_on(main)
    for integration in Integration.objects.filter(project__in=[main, pantry], title__in=[shop.title for shop in TOLD]):
        going_live.go_live(integration, leave_out=False)


def check(projects: list[Project], hands: Hands) -> None:
    telling.check(hands)
    outlet.check(projects[0], hands)
    northgate.check(projects[-1], hands)
