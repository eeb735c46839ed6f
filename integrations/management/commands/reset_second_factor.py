"""Switch somebody's second factor off whose phone and recovery codes are lost."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.access import second_factor
from integrations.access.access_log import Origin


class Command(BaseCommand):
    help = "Switch a person's second factor off; they come in with their password alone until they set it up anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The user name.")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"]).first()
        if person is None:
            raise CommandError(f"There is no person with the user name “{options['name']}”.")
        if not second_factor.switch_off(person, Origin(), by="the command reset_second_factor"):
            raise CommandError(f"{person} has no second factor that is switched on.")
        self.stdout.write(f"The second factor of {person} is switched off. Make sure that it was they who asked.")
