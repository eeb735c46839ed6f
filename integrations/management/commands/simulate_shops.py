"""Run simulated shops, for the demo and for trying things out."""

from __future__ import annotations

import signal
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand

from integrations.simulator import dialects
from integrations.simulator.catalogue import RATES
from integrations.simulator.server import SimulatedServer, SimulatedSite
from integrations.simulator.shop import SimulatedShop


@dataclass(frozen=True)
class Wanted:
    name: str
    port: int
    zone: str
    currency: str
    seed: int
    dialect: str = "woocommerce"


def wanted_shop(text: str) -> Wanted:
    """Reads NAME:PORT:ZONE:CURRENCY:SEED[:DIALECT]."""
    try:
        name, port, zone, currency, seed, *dialect = text.split(":")
        ZoneInfo(zone)
        shop = Wanted(name, int(port), zone, currency.upper(), int(seed), *dialect)
    except (ValueError, KeyError, OSError, TypeError):
        raise ArgumentTypeError(
            f"{text!r} is not NAME:PORT:ZONE:CURRENCY:SEED[:DIALECT] (Teahouse:8101:Europe/Prague:CZK:1)"
        ) from None
    if shop.currency not in RATES:
        raise ArgumentTypeError(f"{shop.currency} is not one of {', '.join(RATES)}")
    if shop.dialect not in dialects.found():
        raise ArgumentTypeError(f"{shop.dialect} is not one of {', '.join(dialects.found())}")
    return shop


class Command(BaseCommand):
    help = "Run simulated shops on this machine until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--shop", action="append", type=wanted_shop, required=True, metavar="NAME:PORT:ZONE:CURRENCY:SEED[:DIALECT]"
        )
        parser.add_argument("--orders", type=int, default=60, help="orders each shop has sold before (default 60)")
        parser.add_argument("--days", type=int, default=10, help="over how many past days (default 10)")
        parser.add_argument(
            "--rate", type=float, default=2.0, help="orders a minute each shop goes on to sell (default 2)"
        )
        parser.add_argument(
            "--woocommerce", default="11.0.1", choices=["11.0.1", "6.7.0"], help="whose habits they have"
        )
        parser.add_argument("--state", type=Path, help="folder where the shops keep what they sold, across restarts")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with ExitStack() as running:
            for wanted in options["shop"]:
                server = running.enter_context(serve(wanted, options))
                keys = f"{server.site.shop.key} {server.site.shop.secret}"
                if options["verbosity"]:
                    self.stdout.write(f"{wanted.name}: {server.url} {keys}")
            self.stdout.flush()
            stop.wait()


def serve(wanted: Wanted, options: dict[str, Any]) -> SimulatedServer:
    folder: Path | None = options["state"]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    shop = SimulatedShop(
        wanted.name,
        zone=wanted.zone,
        currency=wanted.currency,
        seed=wanted.seed,
        rate=options["rate"],
        version=options["woocommerce"],
        state=folder and folder / f"shop-{wanted.seed}.json",
    )
    shop.stock_history(options["orders"], options["days"])
    return SimulatedServer(SimulatedSite(shop, wanted.dialect), wanted.port)
