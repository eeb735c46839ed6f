"""Run a warehouse's file server over a folder, for the demo and for trying things out."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from integrations.simulator.file_server import SimulatedFileServer


class Command(BaseCommand):
    help = "Run an SFTP server on 127.0.0.1 over a folder, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--folder", type=Path, required=True, help="what it shows; `in` and `out` are made in it")
        parser.add_argument("--password", required=True, help="of its user, `shop`")
        parser.add_argument("--host-key", type=Path, help="a file that keeps its host key; made where there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        for name in ("in", "out"):
            (options["folder"] / name).mkdir(parents=True, exist_ok=True)
        server = SimulatedFileServer(
            options["folder"], options["port"], password=options["password"], host_key_file=options["host_key"]
        )
        with server:
            self.stdout.write(f"sftp://shop@{server.address}, host key {server.host_key.fingerprint}")
            self.stdout.flush()
            stop.wait()
