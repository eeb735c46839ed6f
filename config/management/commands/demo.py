"""`make demo`: the whole site with two shops that keep selling; `--check`: the main job once, without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import letters, northgate, outside, partner, programs, seeding, webhooks
from config.demo.checking import Check
from config.demo.world import ACCOUNTS, OPERATOR, PASSWORD, SHOPS, DemoShop
from config.running import listening, parts
from config.running.processes import Program, Supervisor, manage
from integrations.access.api_keys import NewKey
from integrations.connectors import get
from integrations.models import Project

INSIDE = "COUNTINGHOUSE_DEMO_CHECK"


@dataclass(frozen=True)
class _Places:
    """The ports of all that the demo runs beside the site."""

    shops: dict[DemoShop, int]
    mail: int
    receiver: int
    warehouse: int

    @classmethod
    def choose(cls, *, fresh: bool = False) -> _Places:
        """Each its own, or any free one where that is taken (always with `fresh`); the site may connect to them."""
        usual = (letters.PORT, webhooks.PORT, northgate.PORT)
        others = [programs.free_port(0 if fresh else port) for port in usual]
        chosen = cls(programs.choose_ports(fresh=fresh), *others)
        programs.allow((*chosen.shops.values(), *others))
        return chosen

    def seed(self) -> list[Project]:
        projects = seeding.seed(self.shops)
        letters.seed(projects[0], self.mail)
        webhooks.seed(projects[0], self.receiver)
        outside.seed(projects, self.shops, self.warehouse)
        return projects

    def programs(self, *, orders: int, rate: float, ships_after: float) -> list[Program]:
        return [
            programs.shops_program(self.shops, orders=orders, rate=rate),
            letters.mail_program(self.mail),
            webhooks.receiver_program(self.receiver),
            northgate.program(self.warehouse, ships_after),
        ]


class Command(BaseCommand):
    help = "Run the site with simulated shops on every platform that keep selling. Ctrl-C stops; the data are kept."
    requires_system_checks: list[str] = []  # they would look at a database that is not up yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default %(default)s).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on (default %(default)s).")
        parser.add_argument("--web", type=int, default=1, help="Web processes (default %(default)s).")
        parser.add_argument("--orders", type=int, default=150, help="Orders of history per shop (default %(default)s).")
        parser.add_argument("--rate", type=float, default=2, help="New orders a minute per shop (default %(default)s).")
        parser.add_argument("--check", action="store_true", help="Do the main job once, print a table, and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        parts.keep_private()
        try:
            if options["check"]:
                self._check(options["orders"])
            else:
                self._demo(options["host"], options["port"], options["orders"], options["rate"], options["web"])
        except listening.CannotRun as error:
            raise CommandError(str(error)) from error

    def _demo(self, host: str, port: int, orders: int, rate: float, webs: int) -> None:
        if not settings.EMBEDDED:
            raise listening.CannotRun(
                "The demo makes people whose passwords everybody can read, so it runs on the embedded database alone."
                " Unset DATABASE_URL and REDIS_URL, or run `manage.py up` for a site of your own."
            )
        with listening.take_port(host, port) as listener, parts.embedded_servers() as servers:
            parts.prepare(self.stdout.write)
            places = _Places.choose()
            settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = listening.web_address(host, port)
            made = partner.new_key(places.seed()[0])
            helpers = places.programs(orders=orders, rate=rate, ships_after=20)
            site = parts.site_programs(listener, webs=webs, workers=2)
            with Supervisor([*helpers, *site], servers=servers, server_failures=parts.server_failures()) as supervisor:
                if listening.wait_for_port(host, port, give_up=lambda: supervisor.stopping):
                    seeding.register_webhooks(places.shops)
                    self._welcome(f"{listening.web_address(host, port)}/", places.shops, made)
                supervisor.run()
                self.stdout.write("Stopping")
        self.stdout.write("Stopped; the data are kept.")

    def _welcome(self, address: str, ports: dict[Any, int], made: NewKey) -> None:
        lines = ["", f"Countinghouse answers at {address}", ""]
        lines += [f"  {'user':<12}{'password':<16}{'role':<18}account"]
        for account in ACCOUNTS:
            lines += [
                f"  {person.username:<12}{PASSWORD:<16}{person.role.label:<18}{account.name} ({account.plan.label})"
                for person in account.people
            ]
        lines += [f"  {OPERATOR:<12}{PASSWORD:<16}{'superuser':<18}all", ""]
        lines += [
            f"  {shop.title} sells at {shop.at(ports[shop])} ({get(shop.platform).label}, {shop.zone}, {shop.currency})"
            for shop in SHOPS
        ]
        lines += ["", f"E-mails to customers land in {letters.folder()}."]
        lines += [f"What webhooks tell of orders lands in {webhooks.kept()}."]
        lines += [f"{northgate.TITLE} ships what lands in {northgate.folder()}, files over SFTP."]
        lines += ["", *partner.welcome(address, made), "Ctrl-C stops everything.", ""]
        self.stdout.write("\n".join(lines))

    def _check(self, orders: int) -> None:
        if INSIDE not in os.environ:
            self._check_apart(orders)
            return
        started = time.monotonic()
        with listening.take_port("127.0.0.1", 0) as listener, parts.embedded_servers() as servers:
            parts.prepare(lambda _: None)
            places = _Places.choose(fresh=True)
            projects = places.seed()
            web = listener.getsockname()[1]
            site = parts.site_programs(listener, webs=1, workers=2)
            helpers = places.programs(orders=orders, rate=0, ships_after=1)
            with Supervisor([*helpers, *site], servers=servers, server_failures=parts.server_failures()) as supervisor:
                check = Check(supervisor, projects, places.shops, web, self.stdout.write)
                passed = check.run()
        self.stdout.write(f"\n{'Everything as expected' if passed else 'NOT as expected'}"
                          f" after {time.monotonic() - started:.0f} s.")  # fmt: skip
        if not passed:
            raise CommandError("The check found what is marked NO above.")

    def _check_apart(self, orders: int) -> None:
        """In a data folder of its own, gone afterwards: a demo that runs, or has run, is not touched."""
        with tempfile.TemporaryDirectory(prefix="countinghouse-check-") as folder:
            Path(folder).chmod(0o711)  # as root the servers run as another account, which must pass
            environment = dict(os.environ) | {"COUNTINGHOUSE_DATA": f"{folder}/data", INSIDE: "1"}
            environment.pop("DATABASE_URL", None)
            environment.pop("REDIS_URL", None)
            ended = subprocess.run(  # noqa: S603
                [sys.executable, manage(), "demo", "--check", "--orders", str(orders)],
                env=environment,
                check=False,
            )
        if ended.returncode:
            sys.exit(ended.returncode)
