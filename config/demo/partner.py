"""The demo's partner: a key of its own, and a small import through the API as a program would send it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from integrations.access import api_keys
from integrations.access.api_keys import NewKey
from integrations.models import ApiKey, Project

NAME = "Demo partner"
# Seconds the import may take.
PATIENCE = 60.0


def new_key(project: Project) -> NewKey:
    """A new key at each start, because no token is kept; the one before is revoked."""
    for key in ApiKey.objects.filter(project=project, name=NAME, revoked_at=None):
        api_keys.revoke(key)
    return api_keys.make(project.pk, NAME)


def welcome(address: str, made: NewKey) -> list[str]:
    """How to call the API, for whoever started the demo."""
    return [
        "The API's key of this start:",
        f'  curl {address}v1/orders -H "X-App-Id: {made.key.app_id}" -H "X-App-Token: {made.token}"',
        "",
    ]


def import_some(address: str, made: NewKey, count: int) -> dict[str, Any]:
    """Import orders through the API and follow the async action to its end; its last answer."""
    orders = [
        {
            "source_id": f"kiosk-{number}",
            "status": "PAID",
            "items": [{"source_id": "MUG-WHITE", "quantity": 1 + number % 3, "price": 900}],
            "customer": {
                "source_id": f"guest-{number % 7}",
                "name": f"Guest {number % 7}",
                "email": f"guest-{number % 7}@history.example",
            },
            "metadata": {"stand": "north"},
        }
        for number in range(count)
    ]
    asked = call(f"{address}v1/orders/import", made, orders)
    deadline = time.monotonic() + PATIENCE
    while True:
        action = call(f"{address}v1/async-actions/{asked['async_action_id']}", made)
        if action["status"] in {"DONE", "FAILED"} or time.monotonic() > deadline:
            return dict(action)
        time.sleep(0.2)


def call(address: str, made: NewKey, body: Any = None) -> Mapping[str, Any]:
    """One call of the API: POST with a body, GET without."""
    request = urllib.request.Request(  # noqa: S310  our own address
        address,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "X-App-Id": made.key.app_id,
            "X-App-Token": made.token,
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found: Mapping[str, Any] = json.load(answer)
        return found
