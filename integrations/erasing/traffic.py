"""The places of what came in and went out: documents of shops, calls of partners, webhooks, letters, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from config.kit import true_time
from config.kit.public_ids import PublicIds
from integrations.choices import BuyerListing, DeliveryState, RemoteState
from integrations.erasing.persons import Confirmed, Person, label
from integrations.models import (
    BulkPortion,
    BulkReport,
    BuyerEntry,
    DeliveryAttempt,
    Export,
    ExportPart,
    KeptAnswer,
    Message,
    Project,
    RemoteOrder,
    WebhookDelivery,
)
from integrations.partner_runs import exports

NOT_SENT = "Not sent: the person was erased."


def erase_remote_orders(ids: Sequence[int], done: Confirmed) -> None:
    """The order stays known to have been seen, so that it is never loaded again; those outside of the book are
    dismissed."""
    rows = RemoteOrder.objects.filter(pk__in=ids)
    outside = rows.exclude(state=RemoteState.IMPORTED)
    outside.update(state=RemoteState.DISMISSED, changed_at=done.at, decided_by_id=done.by)
    rows.update(
        buyer="",
        buyer_key="",
        payload="",
        taken="",
        digest=bytes(16),
        reason_code="erased",
        reason=f"{label(done.at)}: the person behind this order asked to be forgotten.",
        subject="",
        search="",
        retry=False,
        next_attempt_at=None,
        erased_at=done.at,
    )


def public_ids(person: Person) -> list[str]:
    """What partners know the person's orders and customers by."""
    orders = list(person.their_orders().values_list("project_id", "pk"))
    customers = list(person.their_customers().values_list("project_id", "pk"))
    customers += [(project_id, pk) for pk in person.customers for project_id in person.projects]
    found = []
    for project in Project.objects.filter(pk__in=person.projects):
        ids = PublicIds(bytes(project.id_key))
        found += [ids.give("ord", pk) for project_id, pk in orders if project_id == project.pk]
        found += [ids.give("cust", pk) for project_id, pk in customers if project_id == project.pk]
    return sorted(set(found))


def telling_of(rows: QuerySet[Any], person: Person) -> QuerySet[Any]:
    """Those of the rows whose `body`, JSON in UTF-8, names the person or one of their orders."""
    body = f"{rows.model._meta.db_table}.body"
    ids = "|".join(public_ids(person)) or "a^"
    return rows.extra(  # noqa: S610  the table's own name, and parameters
        where=[f"(convert_from({body}, 'UTF8') ~* %s OR convert_from({body}, 'UTF8') ~ %s)"],
        params=[person.pattern, ids],
    )


def deliveries(person: Person) -> QuerySet[WebhookDelivery]:
    kept = WebhookDelivery.objects.filter(project__in=person.projects, body__isnull=False)
    return telling_of(kept, person)


def erase_deliveries(ids: Sequence[int], done: Confirmed) -> None:
    """One that still waits is not sent any more."""
    rows = WebhookDelivery.objects.filter(pk__in=ids)
    rows.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.FAILED, reason=NOT_SENT, next_try_at=None, finished_at=true_time.now(), body=None
    )
    rows.update(body=None)
    DeliveryAttempt.objects.filter(delivery__in=ids).update(answer="")


def answers(person: Person) -> QuerySet[KeptAnswer]:
    return telling_of(KeptAnswer.objects.filter(project__in=person.projects), person)


def erase_answers(ids: Sequence[int], done: Confirmed) -> None:
    """A partner that sends the call again is answered anew."""
    KeptAnswer.objects.filter(pk__in=ids).delete()


def files(person: Person) -> QuerySet[Export]:
    """All of them: a file may name the person by columns that nobody can search for."""
    with_parts = ExportPart.objects.values("export_id")
    return Export.objects.filter(project__in=person.projects, pk__in=with_parts)


def erase_files_of_partners(ids: Sequence[int], done: Confirmed) -> None:
    """A file that is still being written is taken away with its export."""
    for export in Export.objects.select_related("run").filter(pk__in=ids):
        if export.run.is_open:
            exports.delete(export)
        else:
            ExportPart.objects.filter(export=export).delete()


def portions(person: Person) -> QuerySet[BulkPortion]:
    """Left over from imports that have ended; open ones are in the way, see `erasing.confirming`."""
    return BulkPortion.objects.filter(
        bulk_import__project__in=person.projects, bulk_import__run__finished_at__isnull=False
    )


def reports(person: Person) -> QuerySet[BulkReport]:
    """All of calls that have ended: what somebody was sent as stands in no column of its own."""
    return BulkReport.objects.filter(
        bulk_import__project__in=person.projects, bulk_import__run__finished_at__isnull=False
    )


def erase_reports(ids: Sequence[int], done: Confirmed) -> None:
    BulkReport.objects.filter(pk__in=ids).delete()


def erase_portions(ids: Sequence[int], done: Confirmed) -> None:
    BulkPortion.objects.filter(pk__in=ids).delete()


def letters(person: Person) -> QuerySet[Message]:
    by_order = Message.objects.filter(order_id__in=person.their_orders().values("pk"))
    return by_order | Message.objects.filter(customer_id__in=person.customers)


def entries(person: Person) -> QuerySet[BuyerEntry]:
    """Of the lists: those that allow, and remarks. That somebody is blocked stays, see `erasing.holdings.STAYS`."""
    mine = BuyerEntry.objects.filter(project__in=person.projects, pattern__in=person.emails)
    return mine.filter(listing=BuyerListing.ALLOW) | mine.exclude(remark="")


def erase_entries(ids: Sequence[int], done: Confirmed) -> None:
    BuyerEntry.objects.filter(pk__in=ids, listing=BuyerListing.ALLOW).delete()
    BuyerEntry.objects.filter(pk__in=ids).update(remark="")
