"""A partner has a customer forgotten: what is held about them in the project of its key, at once.

Everything that is known to be theirs is erased in one transaction, place by place as for staff. Texts of other rows
that may quote the address are many: a run looks them through afterwards, and forgets the address itself in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.kit import true_time
from config.kit.isolating import once_more
from config.kit.plurals import are, counted
from integrations.choices import RunKind
from integrations.erasing import persons
from integrations.erasing.confirming import ErasureRefused, in_the_way
from integrations.erasing.holdings import PLACES
from integrations.erasing.persons import Confirmed, Person, erasing
from integrations.erasing.portions import PORTION
from integrations.models import ErasureRequest, Project, Run
from integrations.runs.queue import ring
from orders.choices import ORDER_OPEN
from orders.customers import ending
from orders.models import Customer
from orders.segments import due
from stock import ledger


@dataclass(frozen=True)
class PartnerDeletion:
    """What was done: rows by place (`erasing.holdings`), and stays in segments that ended."""

    request: ErasureRequest
    report: Mapping[str, int]
    stays: int


def forget(project: Project, customer: Customer) -> PartnerDeletion:
    """Erase what is held about a customer of the project, and delete them. Raises ErasureRefused, nothing written."""
    at = true_time.now()

    def work() -> PartnerDeletion:
        ledger.lock_project(project.pk)
        # An import that is writing the customer waits for no stock: it is over first, or meets nobody.
        due.mark(project.pk, [customer.pk], at)
        Customer.objects.select_for_update(no_key=True).filter(pk=customer.pk).first()
        email = customer.email.lower()
        request = ErasureRequest(project=project, email=email, customer_id=customer.pk, told_at=at, confirmed_at=at)
        person = persons.find(Person((project.pk,), frozenset({email} - {""}), customers=frozenset({customer.pk})))
        _refuse(person)
        request.whom, request.found = persons.whom(project, request), person.as_json()
        request.report = {place: count for place, count in _erase(person, Confirmed(at, None)) if count}
        stays = sum(ending.delete(project.pk, pk, at) for pk in sorted(person.customers))
        request.run = Run.objects.create(
            project=project,
            kind=RunKind.ERASURE,
            reason="Waits for its turn.",
            cursor={"step": len(PLACES), "after": 0},
        )
        request.save()
        ring(request.run.pk)
        return PartnerDeletion(request, request.report, stays)

    return once_more(work)  # an import may be changing an order of theirs, and wait for us while we wait for it


def _refuse(person: Person) -> None:
    waiting = person.their_orders().filter(status__in=ORDER_OPEN).count()
    if waiting:
        raise ErasureRefused(
            f"{counted(waiting, 'order')} {are(waiting)} neither shipped nor cancelled, and could not be shipped"
            " without an address: ship or cancel first, then delete the customer."
        )
    if reason := in_the_way(person):
        raise ErasureRefused(reason)


def _erase(person: Person, done: Confirmed) -> list[tuple[str, int]]:
    """(place, rows erased) for every place."""
    counts = []
    with erasing():
        for place in PLACES:
            ids = list(place.held(person).order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(ids), PORTION):
                place.erase(ids[start : start + PORTION], done)
            counts.append((place.key, len(ids)))
    return counts
