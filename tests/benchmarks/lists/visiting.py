"""Visits every page of one book and prints JSON: `python -m tests.benchmarks.lists.visiting FOLDER ORDERS`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.benchmarks.lists.book_world import World
from tests.benchmarks.lists.kept_book import opened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("orders", type=int)
    parser.add_argument("--only", default="", help="Only pages whose names have one of these words, parted by |.")
    parser.add_argument("--rounds", type=int, default=3, help="Warm rounds, of which the best counts.")
    options = parser.parse_args()
    with opened(options.folder, options.orders) as world:
        json.dump(visited(world, options.only, options.rounds), sys.stdout)


def visited(world: World, only: str, rounds: int) -> dict[str, Any]:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment, teardown_test_environment

    from tests.benchmarks.lists import every_page
    from tests.benchmarks.lists.page_cost import Backend, Plans, cost_of

    settings.API_RATE_LIMIT = 10**9
    browser = Client()
    browser.force_login(User.objects.get(pk=world.person))
    caller = Client(headers={"Authorization": f"Bearer {world.token}"})
    plans, found = Plans(), {}
    wanted = [word.lower() for word in only.split("|")]
    setup_test_environment()  # the contexts of pages are kept, of which the lists of pages are made
    visits = [(browser, each) for each in every_page.of_admin(world, browser)]
    visits += [(caller, each) for each in every_page.of_api(world, caller)]
    teardown_test_environment()
    settings.ALLOWED_HOSTS = ["*"]
    backend = Backend()
    for client, visit in visits:
        if any(word in visit.name.lower() for word in wanted):
            cost, statements = cost_of(client, visit.address, backend, rounds)
            cost.scans = plans.scans(statements)
            found[visit.name] = asdict(cost) | {"address": visit.address}
            sys.stderr.write(
                f"{cost.milliseconds:9.1f} ms {cost.statements:3} {cost.status} {visit.name} {cost.scans or ''}\n"
            )
    connection.close()
    return found


if __name__ == "__main__":
    main()
