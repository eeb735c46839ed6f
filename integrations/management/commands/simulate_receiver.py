"""Run a receiver of webhooks on this machine, for the demo and for trying things out."""

from __future__ import annotations

import json
import signal
from argparse import ArgumentParser
from pathlib import Path
from threading import Event, Lock
from typing import Any

from django.core.management.base import BaseCommand

from integrations.simulator.receiver import Received, Receiver, Reply


class Command(BaseCommand):
    help = "Take webhooks on this machine until stopped, and keep each as a line of JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--file", type=Path, required=True, help="where they are kept; it begins anew")

    def handle(self, *args: Any, **options: Any) -> None:
        stop, lock = Event(), Lock()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        file: Path = options["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")

        def keep(received: Received) -> Reply:
            line = json.dumps({"headers": dict(received.headers), "body": received.body.decode()})
            with lock, file.open("a") as kept:
                kept.write(f"{line}\n")
            return Reply()

        with Receiver(keep, options["port"]):
            stop.wait()
