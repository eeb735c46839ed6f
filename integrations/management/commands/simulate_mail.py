"""Run a mail server that keeps its letters in a folder, for the demo and for trying things out."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run a mail server on 127.0.0.1 that keeps every e-mail as a file, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--folder", type=Path, required=True, help="where the e-mails go, one .eml file each")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from integrations.simulator.mailbox import SimulatedMailServer
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith("aiosmtpd"):
                raise
            raise CommandError(
                "The simulated mail server needs the package aiosmtpd, which a site has no use for."
                " `make demo` installs it from requirements.lock."
            ) from error
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        options["folder"].mkdir(parents=True, exist_ok=True)
        with SimulatedMailServer(options["port"], folder=options["folder"]):
            stop.wait()
