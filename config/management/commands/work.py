"""A worker process: `manage.py work`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from config.running import same_keys
from config.running.bell_worker import load_jobs, make_worker
from config.running.listening import CannotRun


class Command(BaseCommand):
    help = "Work on runs as the queue rings. SIGTERM: finish the current one and end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--burst", action="store_true", help="End when the queue is empty.")
        parser.add_argument("--name", help="A name in the list of workers; must be the only one of that name.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            same_keys.insist()
        except CannotRun as error:
            raise CommandError(str(error)) from error
        load_jobs()
        try:
            make_worker(options["name"]).work(burst=options["burst"], with_scheduler=False)
        except RedisError as error:
            raise CommandError(f"The queue cannot be reached: {error}. Is REDIS_URL right?") from error
