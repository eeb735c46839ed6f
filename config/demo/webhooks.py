"""The demo's receiver of webhooks: an endpoint that is told of every live order, and what it was told."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from config.running.processes import Program, manage
from integrations.choices import SUBSCRIBABLE
from integrations.models import Project, WebhookEndpoint
from integrations.webhooks import endpoints
from integrations.webhooks.event_bodies import signature

PORT = 8726
# Seconds the webhooks of an order may take in the check, behind those of all orders before it.
PATIENCE = 60.0


def kept() -> Path:
    """What was received, a line of JSON each."""
    return Path(settings.DATA_DIR) / "webhooks.jsonl"


def receiver_program(port: int) -> Program:
    command = [sys.executable, manage(), "simulate_receiver", "--port", str(port), "--file", str(kept())]
    return Program("receiver", tuple(command))


def seed(project: Project, port: int) -> None:
    """The endpoint, at the receiver's port of this start; events and state as somebody has left them."""
    address = f"http://127.0.0.1:{port}/orders"
    known = WebhookEndpoint.objects.filter(project=project, url__startswith="http://127.0.0.1:", deleted_at=None)
    endpoint = known.order_by("pk").first()
    if endpoint is not None:
        endpoints.change(endpoint, url=address)
    elif not WebhookEndpoint.objects.filter(project=project).exists():
        endpoints.create(project, address, SUBSCRIBABLE)


def check(project: Project, row: Callable[..., None]) -> None:
    """The live order of the letters' check is told of, signed; imported history is not."""
    secret = WebhookEndpoint.objects.get(project=project).secrets["signing"]
    deadline = time.monotonic() + PATIENCE
    while not (found := _about("live-1")) or found[-1]["told"]["type"] != "customer.order.paid":
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    row(
        "Webhooks about the live order", " ".join(each["told"]["type"].split(".")[-1] for each in found), "created paid"
    )
    good = [each for each in found if each["signature"] == signature(secret, each["body"])]
    row("Of these, signed with the endpoint's secret", len(good), 2)
    row("Webhooks about imported history", len(_about("kiosk-")), 0)


def _about(source_id: str) -> list[dict[str, Any]]:
    """What was received about orders whose source id begins so."""
    found = []
    for line in kept().read_text().splitlines() if kept().is_file() else ():
        received = json.loads(line)
        told = json.loads(received["body"])
        if str(told["data"].get("order", {}).get("source_id") or "").startswith(source_id):
            headers = received["headers"]
            signed = headers["x-voucherify-signature"]
            found.append({"told": told, "body": received["body"].encode(), "signature": signed})
    return found
