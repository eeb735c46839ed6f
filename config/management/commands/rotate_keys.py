"""Encrypts what is kept secret with the newest key, so that an older one may be dropped."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import keys
from integrations.keyring import rekeying, site_keys


class Command(BaseCommand):
    help = "Encrypt all credentials with the newest of ENCRYPTION_KEYS. The site may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", action="store_true", help="Make a new key in the data folder first.")

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.DATA_DIR / keys.ENCRYPTION_FILE
        if options["new"]:
            if not settings.ENCRYPTION_KEYS_KEPT:
                raise CommandError(
                    "ENCRYPTION_KEYS is set, so keys are not made here. Put a new one in front of it, restart every"
                    " program, then run this without --new."
                )
            keys.add(file, keys.encryption_key())
            self.stdout.write(
                f"A new key stands first in {file}. Restart every program of the site, so that all of them can read"
                " what is encrypted with it; then run this command again without --new."
            )
            return
        done = rekeying.rotate()
        self.stdout.write(f"{done.rotated:,} encrypted anew with the newest key; {done.current:,} were already.")
        if done.unreadable:
            raise CommandError(
                f"{done.unreadable:,} cannot be read with any key, and were left as they are: {', '.join(done.where)}."
                " Drop no key; enter them again, or add the key that wrote them."
            )
        if rekeying.rotate().rotated:
            raise CommandError(
                "Something was encrypted with an older key meanwhile: a program of the site still runs with the keys of"
                " before. Restart it, then run this again. Drop no key yet."
            )
        site_keys.only_newest()
        if len(settings.ENCRYPTION_KEYS) > 1:
            where = file if settings.ENCRYPTION_KEYS_KEPT else "ENCRYPTION_KEYS"
            self.stdout.write(f"Nothing needs an older key any more: all but the first may be dropped from {where}.")
