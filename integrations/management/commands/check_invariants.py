"""Check what must always hold; exit code 1 when anything does not."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.invariants import ALL, broken


class Command(BaseCommand):
    help = "Check the invariants of orders, stock, documents and runs; every violation is listed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print {invariant: [violations]} as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = broken()
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        elif not found:
            self.stdout.write(f"All {len(ALL)} invariants hold.")
        for name, rows in found.items() if not options["json"] else ():
            self.stdout.write(f"BROKEN  {name}")
            for row in rows:
                self.stdout.write(f"        {row}")
        if found:
            raise CommandError(f"{len(found)} of {len(ALL)} invariants do not hold.")
