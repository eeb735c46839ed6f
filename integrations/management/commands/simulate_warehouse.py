"""Run a warehouse that works by files, for the demo and for trying things out."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from integrations.simulator.file_server import SimulatedFileServer
from integrations.simulator.warehouse import SimulatedWarehouse


class Command(BaseCommand):
    help = "Ship what order files ask for, on an SFTP server on 127.0.0.1, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--folder", type=Path, required=True, help="where all that it has lies; made if need be")
        parser.add_argument("--password", required=True, help="of the server's user, `shop`")
        parser.add_argument("--ships-after", type=float, default=20, help="seconds (default %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        folder: Path = options["folder"]
        warehouse = SimulatedWarehouse(folder, options["ships_after"])
        key = folder / "host_key"
        server = SimulatedFileServer(warehouse.server, options["port"], password=options["password"], host_key_file=key)
        with warehouse, server:
            if options["verbosity"]:
                self.stdout.write(f"sftp://shop@{server.address}, host key {server.host_key.fingerprint}")
                self.stdout.flush()
            stop.wait()
