"""The run that erases: place after place, some rows in one transaction each, from wherever it was stopped."""

from __future__ import annotations

from django.db.models import Q

from config.kit import true_time
from integrations.erasing import mentions
from integrations.erasing.holdings import LOG, MENTIONS, PLACES, PersonalPlace
from integrations.erasing.persons import Confirmed, Person, erasing
from integrations.models import ErasureRequest, Run
from integrations.runs.pages import RunPage, Written

# Rows erased at once.
PORTION = 100
BLOTTED = (*MENTIONS, *LOG)


def erase_portion(run: Run) -> RunPage:
    """The next rows of the place the run has come to; after the last one the request is done."""
    request = ErasureRequest.objects.get(run=run)
    cursor = run.cursor or {"step": 0, "after": 0}
    person, step = Person.of_json(request.found), cursor["step"]
    if step < len(PLACES):
        return _erase(request, person, PLACES[step], step)
    if step < len(PLACES) + len(BLOTTED):
        return _blot(request, person, BLOTTED[step - len(PLACES)], step, cursor["after"])
    return RunPage({}, lambda _: _settle(request, person), done=True, note="Erased: the request tells what was done.")


def _erase(request: ErasureRequest, person: Person, place: PersonalPlace, step: int) -> RunPage:
    ids = list(place.held(person).order_by("pk").values_list("pk", flat=True)[:PORTION])
    confirmed = Confirmed(request.confirmed_at or true_time.now(), request.done_by_id)

    def write(_: int) -> Written:
        if ids:
            with erasing():
                place.erase(ids, confirmed)
            _report(request, place.key, len(ids))
        return Written({"updated": len(ids), "fetched": len(ids)})

    return RunPage({"step": step if len(ids) == PORTION else step + 1, "after": 0}, write)


def _blot(request: ErasureRequest, person: Person, model: str, step: int, after: int) -> RunPage:
    ids = mentions.window(model, person, after) if person.emails else []
    over = len(ids) < mentions.AT_ONCE

    def write(_: int) -> Written:
        count = mentions.blot(model, person, ids)
        if count:
            _report(request, "mentions", count)
        return Written({"updated": count, "fetched": count})

    return RunPage({"step": step + 1, "after": 0} if over else {"step": step, "after": ids[-1]}, write)


def _report(request: ErasureRequest, key: str, count: int) -> None:
    """Add to what was done; in the transaction that did it, under the run's claim."""
    report = ErasureRequest.objects.values_list("report", flat=True).get(pk=request.pk)
    report[key] = report.get(key, 0) + count
    ErasureRequest.objects.filter(pk=request.pk).update(report=report)


def _settle(request: ErasureRequest, person: Person) -> Written:
    """The request forgets the person as well, and with it others that are open about them."""
    named = Q(email__in=person.emails) | Q(customer_id__in=person.customers)
    for integration_id, key in person.keys:
        named |= Q(integration=integration_id, person=key)
    of_them = Q(pk=request.pk) | Q(named, project__in=person.projects, done_at=None)
    ErasureRequest.objects.filter(of_them).update(
        person="", email="", customer_id=None, found={}, done_at=true_time.now(), done_by=request.done_by_id
    )
    return Written()
