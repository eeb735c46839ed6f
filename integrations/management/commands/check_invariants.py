"""Check what must always hold; exit code 1 when anything does not."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import checkup
from integrations.checkup import Checkup
from integrations.invariants import ALL
from stock.invariants import Invariant


class Command(BaseCommand):
    help = (
        "Check the invariants of orders, stock, documents and runs; every violation is listed. A large book is read in"
        " small parts; a check that was stopped can go on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print {invariant: [violations]} as JSON.")
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--changed",
            action="store_true",
            help="Look only at orders changed since the last check that found nothing; all where there was none.",
        )
        way.add_argument("--resume", action="store_true", help="Go on where the last check was stopped.")

    def handle(self, *args: Any, **options: Any) -> None:
        check = self._unfinished() if options["resume"] else checkup.begin(only_changed=options["changed"])
        checkup.go_on(check, self._tell if options["verbosity"] > 1 else lambda invariant, after: None)
        if options["json"]:
            self.stdout.write(json.dumps(check.found, indent=2))
        elif not check.found:
            of = f" of what was changed since {check.since:%Y-%m-%d %H:%M} UTC" if check.since else ""
            self.stdout.write(f"All {len(ALL)} invariants hold{of}.")
        for name, rows in check.found.items() if not options["json"] else ():
            self.stdout.write(f"BROKEN  {name}")
            for row in rows:
                self.stdout.write(f"        {row}")
        if check.found:
            raise CommandError(f"{len(check.found)} of {len(ALL)} invariants do not hold.")

    def _unfinished(self) -> Checkup:
        check = checkup.last()
        if check is None or check.ended:
            raise CommandError("No check was stopped before its end: run the command without --resume.")
        return check

    def _tell(self, invariant: Invariant, after: int) -> None:
        self.stderr.write(f"{invariant.id}{f' up to id {after}' if after else ''}")
