"""The reconciler: a loop beside the workers that makes up for every lost bell."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.keyring.site_keys import WrongKeys
from integrations.tick import tick


class Command(BaseCommand):
    help = "Ring waiting runs, take back expired leases, start due feeds; every 15 seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Tick once and end.")
        parser.add_argument("--every", type=float, default=15.0, help="Seconds between ticks.")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            try:
                tick()
            except WrongKeys as error:
                raise CommandError(error.sentence) from error
            if options["once"]:
                return
            time.sleep(options["every"])
