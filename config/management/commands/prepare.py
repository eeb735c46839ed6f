"""Before the programs of a release start: `manage.py prepare`, on one host after the other or at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from config.running import listening, parts
from integrations.access import first_run


class Command(BaseCommand):
    help = "Bring the database and this host's static files up to date, and compare its keys with the database's."
    requires_system_checks: list[str] = []  # they would look at a database that is not up to date

    def handle(self, *args: Any, **options: Any) -> None:
        parts.keep_private()
        try:
            with parts.embedded_servers():
                parts.prepare(self.stdout.write)
                if first_run.is_due():
                    self.stdout.write(f"Whoever opens this first owns the installation: {self._link()}")
        except listening.CannotRun as error:
            raise CommandError(str(error)) from error

    def _link(self) -> str:
        return f"{settings.PUBLIC_URL}{reverse('begin', args=[first_run.token()])}"
