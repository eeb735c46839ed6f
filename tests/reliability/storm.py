"""Kill, settle, compare."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import requests
from django.conf import settings
from django.db import Error, connection
from django.db.models import Count

from config.demo import partner, programs, seeding
from config.demo.world import BROOKLYN, PRAGUE, DemoShop
from config.running import listening, parts
from config.running.processes import BackOff, Supervisor
from integrations.importing.load import request_load
from integrations.invariants import ALL, broken
from integrations.models import Integration, Project, RemoteOrder, Run
from integrations.runs.control import RunRefused
from orders.models import Order
from tests.reliability.actors import Actor, Loads, Partner, Shops, Staff

SHOPS = (PRAGUE, BROOKLYN)
HISTORY = 400
NEVER_LISTED = {"trash", "checkout-draft", "auto-draft", "draft"}
# How often each kind of process is killed, out of twenty.
WEIGHTS = {"worker": 9, "web": 4, "tick": 2, "valkey": 3, "postgres": 2}
# Seconds between two kills.
PAUSE = (0.4, 1.6)
# Seconds until everything must have come to rest: leases of a minute, waits of shops, restarts.
SETTLE = 300.0
Say = Callable[[str], object]


def run(kills: int, seed: int, say: Say) -> dict[str, Any]:
    """The result of a storm, JSON values only; see `is_clean`."""
    chance, started = Random(f"storm {seed}"), time.monotonic()
    with parts.embedded_servers() as servers:
        assert servers is not None
        parts.prepare(lambda _: None)
        ports = programs.choose_ports(fresh=True)
        listener = listening.take_port("127.0.0.1", 0)
        web = listener.getsockname()[1]
        site = f"http://127.0.0.1:{web}"
        programs.allow(ports.values())
        settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = site
        project = seeding.seed(ports)[0]
        key = partner.new_key(project)
        shops = programs.shops_program(ports, orders=HISTORY, rate=0)
        ours = parts.site_programs(listener, webs=2, workers=2)
        back_off = BackOff(first=0.1, longest=1.0)
        failures = parts.server_failures()
        with Supervisor([shops, *ours], servers=servers, server_failures=failures, back_off=back_off) as supervisor:
            for port in (*ports.values(), web):
                listening.wait_for_port("127.0.0.1", port)
            seeding.register_webhooks({shop: ports[shop] for shop in SHOPS})
            calls = Partner(seed, site, key)
            integrations = list(project.integrations.all())
            urls = [shop.at(ports[shop]) for shop in SHOPS]
            with at_work([Shops(seed, urls), Loads(seed, integrations), calls, Staff(seed, site, project)]) as actors:
                killed = _storm(supervisor, servers, chance, kills, say)
            say("Settling")
            settled = _settle(supervisor, integrations)
            compared = _compare(project, ports, calls)
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "kills": dict(killed),
        "work": {type(actor).__name__: dict(actor.counts) for actor in actors},
        "settled": settled,
        **compared,
    }


def is_clean(result: dict[str, Any]) -> bool:
    """Nothing lost, nothing doubled, everything at rest and every invariant kept."""
    faults = [result[part][name] for part in ("shops", "live", "bulk") for name in ("lost", "doubled")]
    return result["settled"] and not any(faults) and not result["invariants_broken"]


@contextmanager
def at_work(actors: list[Actor]) -> Iterator[list[Actor]]:
    for actor in actors:
        actor.start()
    try:
        yield actors
    finally:
        for actor in actors:
            actor.stop()


def _storm(supervisor: Supervisor, servers: Any, chance: Random, kills: int, say: Say) -> Counter[str]:
    killed: Counter[str] = Counter()
    names = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
    while killed.total() < kills:
        supervisor.run(chance.uniform(*PAUSE))
        victim = chance.choice(names)
        if _kill(supervisor, servers, victim, chance):
            killed[victim] += 1
            if killed.total() % 10 == 0:
                say(f"{killed.total()} of {kills} killed")
    supervisor.run(2)
    return killed


def _kill(supervisor: Supervisor, servers: Any, victim: str, chance: Random) -> bool:
    """SIGKILL to one process of this kind, with no time to say anything; whether there was one."""
    if victim in ("postgres", "valkey"):
        server = next(each for each in servers._servers if each.name.lower().startswith(victim))
        process = server.child.process
    else:
        alike = [each for each in supervisor.keepers if each.program.name.split()[0] == victim and each.running]
        process = chance.choice(alike).process if alike else None
    if process is None or process.poll() is not None:
        return False
    os.kill(process.pid, signal.SIGKILL)
    return True


def _settle(supervisor: Supervisor, integrations: list[Integration]) -> bool:
    """Until no run is open, twice: the second time after a last load of every shop. Whether it came to that."""
    deadline = time.monotonic() + SETTLE
    loaded = False
    while time.monotonic() < deadline:
        supervisor.run(1)
        try:
            if Run.objects.filter(finished_at=None).exists():
                continue
            if loaded:
                return True
            started = [_load(integration) for integration in integrations]
            loaded = all(started)
        except Error:
            connection.close()
    return False


def _load(integration: Integration) -> bool:
    integration.refresh_from_db()
    try:
        request_load(integration)
    except RunRefused:
        return False
    return True


def _compare(project: Project, ports: dict[DemoShop, int], calls: Partner) -> dict[str, Any]:
    lost, seen = 0, 0
    for shop in SHOPS:
        there = requests.get(f"{shop.at(ports[shop])}/_sim/shop", timeout=30).json()["orders"]
        listed = {str(order["id"]) for order in there if order["status"] not in NEVER_LISTED}
        here = set(
            RemoteOrder.objects.filter(integration__project=project, integration__title=shop.title).values_list(
                "external_id", flat=True
            )
        )
        lost += len(listed - here)
        seen += len(listed)
    twice = RemoteOrder.objects.values("integration", "external_id").annotate(n=Count("id")).filter(n__gt=1).count()
    booked = Counter(Order.objects.filter(project=project).exclude(source_id="").values_list("source_id", flat=True))
    found = broken()
    return {
        "shops": {"orders": seen, "lost": lost, "doubled": twice},
        "live": _promises(calls.live, booked),
        "bulk": _promises(calls.bulk, booked),
        "invariants": len(ALL),
        "invariants_broken": {name: len(rows) for name, rows in found.items()},
    }


def _promises(promised: set[str], booked: Counter[str]) -> dict[str, int]:
    doubled = sum(1 for name in promised if booked[name] > 1)
    return {"orders": len(promised), "lost": sum(1 for name in promised if not booked[name]), "doubled": doubled}
