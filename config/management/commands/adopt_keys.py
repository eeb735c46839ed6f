"""After a key was replaced on purpose: `manage.py adopt_keys`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from integrations.keyring import site_keys


class Command(BaseCommand):
    help = "Let this host's SECRET_KEY and ENCRYPTION_KEYS be those of the database; hosts with others are refused."

    def handle(self, *args: Any, **options: Any) -> None:
        site_keys.adopt()
        self.stdout.write("The keys of this host are those of the database now. Restart all other hosts with them.")
