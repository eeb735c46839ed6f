"""Several hosts, each with settings and a data folder of its own, load whole shops while one of them is always killed.

`python -m tests.reliability.hosts 20000:4:3:1500` (orders, projects, working hosts, orders between two kills): two web
hosts, working hosts with a worker and a tick each, PgBouncer in transaction mode before PostgreSQL, a streaming
replica, Valkey, and simulated shops. What the shops list is compared with the books by exact id. Each line is a result
as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from tests import pooler
from tests.replicas import replica_of

CHECKOUT = Path(__file__).resolve().parents[2]
NEVER_LISTED = {"trash", "draft", "auto-draft", "checkout-draft"}
# Seconds in which everything must have come: leases of a minute, and what other programs leave of the machine.
PATIENCE = 1_500.0


class WorkingHost:
    """One machine: its programs, and the environment they share."""

    def __init__(self, name: str, commands: list[list[str]], environment: dict[str, str], log: Path) -> None:
        self.name, self._commands, self._environment, self._log = name, commands, environment, log
        self.kills = 0
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._processes = [
                subprocess.Popen(
                    [sys.executable, str(CHECKOUT / "manage.py"), *command],
                    cwd=CHECKOUT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                for command in self._commands
            ]

    def kill(self) -> None:
        """All of it at once, as when the power goes."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def die_and_come_back(self) -> None:
        self.kill()
        self.kills += 1
        self.start()


@contextmanager
def servers_in(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of every host: servers, keys and settings, without a data folder."""
    from config.running.embedded import Servers

    with Servers(folder / "servers", durable=True) as servers, ExitStack() as undo:
        direct = servers.locations.database_url
        environment = {
            "DATABASE_URL": undo.enter_context(pooler.pooled(direct, folder / "pooler", size=20)),
            "DATABASE_POOL": "transaction",
            "REDIS_URL": servers.locations.redis_url,
            "REPLICA_URL": undo.enter_context(replica_of(servers, folder / "replica")),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "ENCRYPTION_KEYS": _fernet_key(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
        }
        yield environment


@dataclass(frozen=True)
class Scenario:
    """`kill_every`: how many orders come between two kills of a host, 0: nobody is killed.

    Not seconds: a fast machine would be done before the second kill, a slow one never get beyond starting its programs.
    """

    orders: int
    projects: int
    workers: int
    kill_every: int

    @classmethod
    def read(cls, text: str) -> Scenario:
        orders, projects, workers, kill_every = text.split(":")
        return cls(int(orders), int(projects), int(workers), int(kill_every))


def run(scenarios: Sequence[Scenario]) -> Iterator[dict[str, Any]]:
    """The result of each, one after the other on the same servers."""
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-hosts-"))
    folder.chmod(0o711)
    try:
        with servers_in(folder) as environment:
            os.environ.update(environment, COUNTINGHOUSE_DATA=str(folder / "here"))
            import django

            django.setup()
            from config.running import parts

            parts.prepare(lambda _: None)
            for scenario in scenarios:
                with ExitStack() as undo_scenario:
                    shops = _shops(scenario, undo_scenario)
                    environment["ALLOWED_SHOP_ADDRESSES"] = ",".join(server.address for server, _shop in shops)
                    hosts = _hosts(dict(os.environ) | environment, folder, scenario.workers)
                    for host in hosts:
                        undo_scenario.callback(host.kill)
                        host.start()
                    yield asdict(scenario) | _storm(shops, hosts, scenario.kill_every)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _shops(scenario: Scenario, undo: ExitStack) -> list[tuple[Any, Any]]:
    """(running simulated shop, the integration by which a project of its own is connected to it)."""
    from integrations.models import Feed
    from integrations.secrets import Secrets
    from integrations.shops.connection import set_up
    from integrations.simulator.server import SimulatedServer, SimulatedSite
    from integrations.simulator.shop import SimulatedShop
    from tests.factories import IntegrationFactory

    found = []
    for number in range(scenario.projects):
        shop = SimulatedShop(f"Shop {number}", seed=number)
        shop.stock_history(scenario.orders // scenario.projects, days=20)
        server = undo.enter_context(SimulatedServer(SimulatedSite(shop)))
        keys = Secrets(consumer_key=shop.key, consumer_secret=shop.secret)
        integration = IntegrationFactory.create(base_url=server.url, credentials=keys)
        set_up(integration)
        found.append((server, integration))
    Feed.objects.update(enabled=False)
    return found


def _hosts(environment: dict[str, str], folder: Path, workers: int) -> list[WorkingHost]:
    from tests.config.served import free_port

    def host(name: str, *commands: list[str], **more: str) -> WorkingHost:
        own = {"COUNTINGHOUSE_DATA": str(folder / name), **more}
        return WorkingHost(name, list(commands), environment | own, folder / f"{name}.log")

    webs = []
    for number in (1, 2):
        port = str(free_port())
        webs.append(host(f"web-{number}", ["serve", "--port", port], WEB_PORT=port))
    return [*webs, *(host(f"worker-{number}", ["work"], ["tick"]) for number in range(1, workers + 1))]


def _storm(shops: list[tuple[Any, Any]], hosts: list[WorkingHost], kill_every: int) -> dict[str, Any]:
    from django.utils import timezone

    from integrations.choices import RunKind
    from integrations.models import RemoteOrder, Run
    from integrations.runs import control

    answered: Counter[bool] = Counter()
    ports = [host._environment["WEB_PORT"] for host in hosts[:2]]
    deadline = time.monotonic() + PATIENCE
    while not all(_answers(port) for port in ports) and time.monotonic() < deadline:
        time.sleep(0.2)
    since = timezone.now() - timedelta(days=30)
    ours = [shop for _server, shop in shops]
    begun = time.monotonic()
    first = [control.request(RunKind.LOAD, shop, since=since) for shop in ours]
    victims = cycle([*hosts[2:], *hosts[:2]])
    next_kill = kill_every
    while Run.objects.filter(finished_at=None).exists() and time.monotonic() < deadline:
        answered[any(_answers(port) for port in ports)] += 1
        if kill_every and RemoteOrder.objects.filter(integration__in=ours).count() >= next_kill:
            next(victims).die_and_come_back()
            next_kill += kill_every
        time.sleep(0.2)
    seconds = time.monotonic() - begun
    # What changed in a shop while it was loaded belongs to the next load.
    for shop, run in zip(ours, first, strict=True):
        control.request(RunKind.LOAD, shop, since=run.created_at)
    while Run.objects.filter(finished_at=None).exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    return {
        "seconds": round(seconds, 1),
        "kills": {host.name: host.kills for host in hosts},
        "site answered": f"{answered[True]} of {answered.total()}",
        **_compared(shops, seconds),
    }


def _compared(shops: list[tuple[Any, Any]], seconds: float) -> dict[str, Any]:
    from django.db.models import Count
    from django.utils import timezone

    from integrations.invariants import broken
    from integrations.models import RemoteOrder, Run
    from orders.models import Order

    lost: list[str] = []
    ours = [shop for _server, shop in shops]
    for server, shop in shops:
        sales = server.site.shop.visible()
        listed = {str(sale.id) for sale in sales if sale.state(timezone.now()).status not in NEVER_LISTED}
        here = set(RemoteOrder.objects.filter(integration=shop).values_list("external_id", flat=True))
        lost += [f"{server.site.shop.name} {external_id}" for external_id in sorted(listed ^ here)]
    by_remote = Order.objects.filter(integration__in=ours).values("remote_order").annotate(count=Count("pk"))
    found = RemoteOrder.objects.filter(integration__in=ours).count()
    return {
        "runs": dict(Counter(Run.objects.filter(integration__in=ours).values_list("state", flat=True))),
        "orders": found,
        "lost or strange": lost,
        "doubled": by_remote.filter(count__gt=1).count(),
        "invariants broken": sorted(broken()),
        "orders a second": round(found / seconds, 1),
    }


def _answers(port: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
        return bool(answer.status == 200)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "scenarios",
        nargs="*",
        default=["20000:4:3:1500"],
        help="ORDERS:PROJECTS:WORKERS:ORDERS between two kills, 0: none",
    )
    for result in run([Scenario.read(text) for text in parser.parse_args().scenarios]):
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
