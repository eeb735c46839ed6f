"""The whole site in one terminal: `manage.py up`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.urls import reverse

from config.running import listening, parts
from config.running.processes import Supervisor
from integrations.access import first_run


class Command(BaseCommand):
    help = "Run the site with all it needs: database, queue, web, workers, tick. Ctrl-C stops everything."
    requires_system_checks: list[str] = []  # they would look at a database that is not up yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default %(default)s).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on (default %(default)s).")
        parser.add_argument("--web", type=int, default=2, help="Web processes (default %(default)s).")
        parser.add_argument("--workers", type=int, default=2, help="Worker processes (default %(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        parts.keep_private()
        if options["workers"] < 1:
            raise CommandError("At least one worker is needed: --workers 1.")
        if options["web"] < 1:
            raise CommandError("At least one web process is needed: --web 1.")
        try:
            self._run(options["host"], options["port"], webs=options["web"], workers=options["workers"])
        except listening.CannotRun as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped before it was up.")

    def _run(self, host: str, port: int, *, webs: int, workers: int) -> None:
        with listening.take_port(host, port) as listener, parts.embedded_servers() as servers:
            parts.prepare(self.stdout.write)
            begin = reverse("begin", args=[first_run.token()]) if first_run.is_due() else ""
            connections.close_all()
            programs = parts.site_programs(listener, webs=webs, workers=workers)
            with Supervisor(programs, servers=servers, server_failures=parts.server_failures()) as supervisor:
                if listening.wait_for_port(host, port, give_up=lambda: supervisor.stopping):
                    self._say_where(listening.web_address(host, port), begin)
                supervisor.run()
                self.stdout.write("Stopping")
        self.stdout.write("Stopped; the data are kept.")

    def _say_where(self, address: str, begin: str) -> None:
        self.stdout.write(f"Countinghouse answers at {address}/ - Ctrl-C stops it.")
        if begin:
            self.stdout.write("Nobody has an account here yet. Whoever opens this link first owns the installation:")
            self.stdout.write(f"  {settings.PUBLIC_URL or address}{begin}")
