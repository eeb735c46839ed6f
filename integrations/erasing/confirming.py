"""Somebody is to be erased: asked for, looked at, confirmed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from config.kit import true_time
from config.kit.plurals import are, counted
from config.kit.refusals import Refused
from integrations.choices import RUN_OPEN, RunKind
from integrations.erasing import persons
from integrations.erasing.holdings import PLACES, STAYS, PersonalPlace, Stays
from integrations.erasing.persons import Person
from integrations.models import ErasureRequest, Integration, Project, RemoteOrder, Run
from integrations.runs.queue import ring
from orders.choices import ORDER_OPEN
from orders.models import Customer, Order

# Rows of a kind that the page links to.
SHOWN = 20


class ErasureRefused(Refused):
    """Nobody is erased, and nothing was written; the message is for staff."""


@dataclass(frozen=True)
class HeldRows:
    """How many rows a place holds, and the first of them: (primary key, name)."""

    place: PersonalPlace | Stays
    count: int
    first: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class ErasureLook:
    """What is held about a person at this moment."""

    person: Person
    erased: Sequence[HeldRows]
    stays: Sequence[HeldRows]
    open_orders: Sequence[Order]
    """Not shipped yet, or not all of them; at most SHOWN."""
    in_the_way: str
    """Why nobody can be erased just now, a sentence; "" when nothing is."""

    @property
    def is_nobody(self) -> bool:
        """Whether no order and no customer is theirs; texts may quote the address nevertheless."""
        return not (self.person.customers or self.person.orders or self.person.remote_orders)


def ask(project: Project, *, email: str = "", customer: Customer | None = None, user_id: int) -> ErasureRequest:
    """Write down that somebody is to be erased; nothing is erased yet. One that is open already is that one.

    Raises ErasureRefused.
    """
    email = (customer.email if customer is not None else email).strip().lower()
    if customer is not None and customer.erased_at is not None:
        raise ErasureRefused("This customer was erased already.")
    if customer is None and ("@" not in email or not email.isprintable()):
        raise ErasureRefused("Enter an e-mail address, such as ann@mail.example.")
    asked = {"email": email, "customer_id": customer.pk if customer else None}
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        known = ErasureRequest.objects.filter(project=project, integration=None, done_at=None, **asked).first()
        if known is not None:
            return known
        return ErasureRequest.objects.create(project=project, told_at=true_time.now(), asked_by_id=user_id, **asked)


def ask_by_name(project: Project, shop: Integration, name: str, *, user_id: int) -> ErasureRequest:
    """The same for somebody of whom only a shop's name or number is known, as of buyers who collect at a counter.

    Raises ErasureRefused.
    """
    name = name.strip()
    asked = {"project": project, "integration": shop, "person": name}
    known = ErasureRequest.objects.filter(**asked, done_at=None).first()
    if known is not None:
        return known
    if not name or not RemoteOrder.objects.filter(integration=shop, buyer_key=name).exists():
        raise ErasureRefused(f"No order of {shop} names a buyer “{name[:100]}”: look at what the shop calls them.")
    external_id = f"here-{secrets.token_hex(8)}"
    return ErasureRequest.objects.create(**asked, external_id=external_id, told_at=true_time.now(), asked_by_id=user_id)


def look(request: ErasureRequest) -> ErasureLook:
    """What is held about the person now. Reads a good deal: for one page, not for lists."""
    person = persons.find(persons.seed(request))
    erased = [_held(place, person) for place in PLACES]
    stays = [_held(place, person) for place in STAYS]
    open_orders = person.their_orders().filter(status__in=ORDER_OPEN).order_by("-pk")[:SHOWN]
    return ErasureLook(person, erased, stays, list(open_orders), in_the_way(person))


def _held(place: PersonalPlace | Stays, person: Person) -> HeldRows:
    rows = place.held(person)
    if not place.page:
        return HeldRows(place, rows.count(), [])
    # Looked for once: some are found by reading texts.
    keys = sorted(rows.order_by().values_list("pk", flat=True), reverse=True)
    shown = rows.model._default_manager.in_bulk(keys[:SHOWN]) if keys else {}
    return HeldRows(place, len(keys), [(key, str(shown[key])) for key in keys[:SHOWN] if key in shown])


def in_the_way(person: Person) -> str:
    """Why nobody can be erased just now, a sentence; "" when nothing is."""
    importing = Run.objects.filter(project__in=person.projects, kind=RunKind.BULK_BY_API, state__in=RUN_OPEN)
    if importing.exists():
        return "A bulk call of a partner is being written, and may hold data of this person: wait until it has ended."
    return ""


def confirm(request_id: int, *, user_id: int, forced: bool = False) -> Run:
    """Start erasing what `look` shows. Goes on where a run before was stopped. Raises ErasureRefused."""
    with transaction.atomic():
        request = (
            ErasureRequest.objects.select_for_update(of=("self",)).select_related("project", "run").get(pk=request_id)
        )
        if request.done_at is not None:
            raise ErasureRefused("This was done already.")
        if request.run is not None and request.run.is_open:
            raise ErasureRefused("This is under way already.")
        if request.found:
            return _start(request)
        person = persons.find(persons.seed(request))
        reason = in_the_way(person)
        waiting = person.their_orders().filter(status__in=ORDER_OPEN).count()
        if waiting and not forced:
            reason = reason or (
                f"{counted(waiting, 'order')} {are(waiting)} still open, and could not be shipped without an address:"
                " ship or cancel first, or confirm that open orders lose their address."
            )
        if reason:
            raise ErasureRefused(reason)
        request.found = person.as_json()
        request.whom = persons.whom(request.project, request)
        request.confirmed_at, request.done_by_id, request.forced = true_time.now(), user_id, forced
        return _start(request)


def _start(request: ErasureRequest) -> Run:
    run = Run.objects.create(
        project=request.project, kind=RunKind.ERASURE, requested_by_id=request.done_by_id, reason="Waits for its turn."
    )
    request.run = run
    request.save()
    ring(run.pk)
    return run
