"""The demo's letters: a mail server that keeps what it is given, and distributions that thank and welcome."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings

from config.demo import partner
from config.running.processes import Program, manage
from integrations.access.api_keys import NewKey
from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity
from integrations.distributions.authoring import (
    DistributionSettings,
    ServerSettings,
    save_distribution,
    save_server,
    switch,
)
from integrations.models import Distribution, Project
from orders.models import Segment

PORT = 8725
NAME = "Thanks for a paid order"
# The customers of the check's bulk import; each brings more than one order.
REGULARS = 7
# Seconds a letter may take in the check.
PATIENCE = 30.0


def folder() -> Path:
    """Where the letters land, one .eml file each; any mail program opens them."""
    return Path(settings.DATA_DIR) / "letters"


def mail_program(port: int) -> Program:
    command = [sys.executable, manage(), "simulate_mail", "--port", str(port), "--folder", str(folder())]
    return Program("mail", tuple(command))


def seed(project: Project, port: int) -> None:
    """The mail server at its port of this start; the distribution as somebody has left it."""
    sender = ServerSettings("127.0.0.1", port, MailSecurity.PLAIN, "", "Leaf & Bean", "shop@leafandbean.example")
    save_server(project.pk, sender, "")
    if Distribution.objects.filter(project=project).exists():
        return
    values = DistributionSettings(
        NAME,
        DistributionTrigger.ORDER_PAID,
        DistributionChannel.EMAIL,
        "Thank you for order {{ order.number }}",
        "Dear {{ customer.name | customer }},\n\nyour order {{ order.number }} of {{ order.total }} is paid,"
        " and we are packing it.\n\n{{ project.name }}",
    )
    switch(save_distribution(project, values), on=True)
    regulars = Segment.objects.filter(project=project, name="Regulars").first()
    if regulars is not None:
        welcome = DistributionSettings(
            "Welcome, regular",
            DistributionTrigger.SEGMENT_ENTERED,
            DistributionChannel.EMAIL,
            "You are one of our regulars",
            "Dear {{ customer.name | customer }},\n\nthis was your order number {{ customer.order_count }}. Thank you!"
            " You have {{ customer.points }} points.\n\n{{ project.name }}",
            segment_id=regulars.pk,
        )
        switch(save_distribution(project, welcome), on=True)


def check(address: str, made: NewKey, row: Callable[..., None]) -> None:
    """A live order, paid through the API, is answered with one letter; the history before it only where it made
    customers enter a segment."""
    order = {"source_id": "live-1", "status": "PAID", "amount": 1850}
    customer = {"source_id": "guest-live", "email": "live@guests.example", "name": "Lida"}
    partner.call(f"{address}v1/orders", made, {**order, "customer": customer})
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if _letters_to("live@guests.example") and len(_letters_to("@history.example")) >= REGULARS:
            break
        time.sleep(0.2)
    found = _letters_to("live@guests.example")
    row("E-mails to the buyer of a live order that is paid", len(found), 1)
    row("E-mails that thank for imported history", len(_letters_to("@history.example", "Thank you")), 0)
    row("E-mails to those whom it made regulars", len(_letters_to("@history.example", "You are")), REGULARS)


def _letters_to(address: str, subject: str = "") -> list[Any]:
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder().glob("*.eml")]
    return [
        letter for letter in found if str(letter["To"]).endswith(address) and str(letter["Subject"]).startswith(subject)
    ]
