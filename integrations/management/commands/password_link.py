"""A link to a new password, for whoever runs the site to hand over: where no letters are sent, or none arrives."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.access import access_log, password_links
from integrations.choices import AccessKind


class Command(BaseCommand):
    help = "Print a link by which a person chooses a new password: it opens once, within an hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The user name.")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active person with the user name “{options['name']}”.")
        detail = "by the command password_link"
        access_log.note(AccessKind.RESET_REQUESTED, access_log.Origin(), user_id=person.pk, detail=detail)
        self.stdout.write(password_links.link_for(person))
        if not settings.PUBLIC_URL:
            self.stderr.write("PUBLIC_URL is not set: put the site's address before it, as https://orders.example.com.")
