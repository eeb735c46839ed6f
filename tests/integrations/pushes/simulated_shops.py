"""Simulated shops of any platform, connected to one project, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from integrations import jobs
from integrations.choices import RunKind, RunState
from integrations.follow_up.steps import follow_up
from integrations.importing.load import request_load
from integrations.models import Crossing, Integration, Project, Run, ShopArticle
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Asked
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.factories import IntegrationFactory, ProjectFactory
from tests.integrations.importing.working import worked

MOST_ROUNDS = 12


@dataclass
class Connected:
    """A simulated shop and its integration."""

    integration: Integration
    shop: SimulatedShop
    server: SimulatedServer

    def direct(self, path: str, **data: Any) -> Any:
        """As its director."""
        method = "POST" if data else "GET"
        answer = self.server.site.direct(Asked(method, f"/_sim/{path}", body=json.dumps(data).encode()))
        assert answer.status < 300
        return json.loads(answer.body)

    def load(self) -> Run:
        run = worked(request_load(self.integration))
        assert run.state == RunState.SUCCEEDED, run.reason
        return run

    def look(self) -> Run:
        run = worked(control.request(RunKind.STOCK_CHECK, self.integration))
        assert run.state == RunState.SUCCEEDED, run.reason
        return run

    def shipments(self) -> list[dict[str, Any]]:
        return [each for order in self.direct("shop")["orders"] for each in order["shipments"]]

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.direct("shop")["orders"]
        return found


class Shops:
    """Connects shops to one project, and lets everything follow."""

    def __init__(self, stack: ExitStack, settings: Any) -> None:
        self._stack, self._settings = stack, settings
        self.project: Project = ProjectFactory.create()

    def connect(self, platform: str, seed: int = 4, **values: Any) -> Connected:
        shop = SimulatedShop(f"{platform} {seed}", seed=seed)
        server = self._stack.enter_context(SimulatedServer(SimulatedSite(shop, platform)))
        shop.limit = Limit()
        server.site.writer = None
        self._settings.ALLOWED_SHOP_ADDRESSES = {*self._settings.ALLOWED_SHOP_ADDRESSES, server.address}
        keys = dialects.get(platform).keys(shop)
        integration = IntegrationFactory.create(
            project=self.project,
            platform=platform,
            title=shop.name,
            base_url=server.url,
            credentials=Secrets(**keys),
            **values,
        )
        set_up(integration)
        return Connected(Integration.objects.get(pk=integration.pk), shop, server)

    def follow(self) -> list[Run]:
        """All that follows, until nothing does; what is tried later is tried now."""
        runs: list[Run] = []
        for _ in range(MOST_ROUNDS):
            Crossing.objects.filter(next_try_at__isnull=False).update(next_try_at="2026-01-01T00:00Z")
            ShopArticle.objects.update(next_try_at=None)
            Run.objects.filter(state=RunState.FAILED).update(finished_at="2026-01-01T00:00Z")
            follow_up(self.project.pk)
            kinds = (RunKind.OUTGOING, RunKind.STOCK_EXPORT)
            waiting = list(Run.objects.filter(state=RunState.WAITING, kind__in=kinds))
            if not waiting:
                break
            for run in waiting:
                jobs.work(run.pk)
                run.refresh_from_db()
                if run.state == RunState.WAITING:
                    run = worked(run)
                runs.append(run)
        return runs


@pytest.fixture
def shops(db: None, settings: Any) -> Iterator[Shops]:
    with ExitStack() as stack:
        yield Shops(stack, settings)
