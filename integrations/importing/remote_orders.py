"""The record of every order ever seen: read and written a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from config.kit.sql import copy_rows, execute
from integrations.choices import RemoteState
from integrations.connectors.listings import Touched
from integrations.importing.payloads import Candidate
from integrations.importing.rules import Known
from integrations.models import RemoteOrder
from orders.search import vector, vector_of_incoming

RETRY_EVERY = timedelta(hours=1)
COLUMNS = (
    "id", "project_id", "integration_id", "external_id", "number", "status", "stamp", "placed_at", "buyer", "buyer_key",
    "currency", "total", "payload", "digest", "state", "reason_code", "reason", "subject", "action", "retry",
    "attempts", "next_attempt_at", "first_seen_at", "changed_at", "run_id", "search",
)  # fmt: skip


class Entry(Struct):
    """What a page writes down about one remote order."""

    candidate: Candidate
    state: RemoteState
    reason_code: str
    reason: str
    action: str = ""
    retry: bool = False
    attempts: int = 0
    subject: str = ""

    def next_attempt(self, at: datetime) -> datetime | None:
        return at + RETRY_EVERY if self.retry and self.state in {RemoteState.IGNORED, RemoteState.FAILED} else None


def known(integration_id: int, external_ids: Sequence[str]) -> dict[str, Known]:
    """What is on record, by external id; the rows stay locked until the transaction ends."""
    rows = execute(
        "SELECT external_id, id, state, stamp, digest, retry, attempts, status FROM integrations_remoteorder"
        " WHERE integration_id = %s AND external_id = ANY(%s) ORDER BY id FOR UPDATE",
        [integration_id, list(external_ids)],
    )
    return {row[0]: Known(row[1], RemoteState(row[2]), row[3], bytes(row[4]), *row[5:]) for row in rows}


def digests(integration_id: int, external_ids: Sequence[str]) -> dict[str, bytes]:
    """The digests on record, by external id; nothing is locked."""
    rows = execute(
        "SELECT external_id, digest FROM integrations_remoteorder WHERE integration_id = %s AND external_id = ANY(%s)",
        [integration_id, list(external_ids)],
    )
    return {external_id: bytes(digest) for external_id, digest in rows}


def add(project_id: int, integration_id: int, run_id: int, entries: Iterable[tuple[int, Entry]], at: datetime) -> None:
    """COPY orders seen for the first time, under ids taken before."""
    told = str(at)  # written once: a time takes as long as ten other values
    copy_rows(
        RemoteOrder,
        COLUMNS,
        (_row(project_id, integration_id, run_id, row_id, entry, at, told) for row_id, entry in entries),
    )


def _row(
    project_id: int, integration_id: int, run_id: int, row_id: int, entry: Entry, at: datetime, told: str
) -> tuple[object, ...]:
    seen = entry.candidate
    placed_at, buyer, buyer_key, currency, total = _summary(seen)
    return (
        row_id, project_id, integration_id, seen.external_id, seen.number, seen.status, seen.stamp, placed_at, buyer,
        buyer_key, currency, total, seen.payload, seen.digest, entry.state.value, entry.reason_code, entry.reason,
        entry.subject[:255], entry.action, entry.retry, entry.attempts, entry.next_attempt(at), told, told, run_id,
        _words(seen, entry.state),
    )  # fmt: skip


def _summary(seen: Candidate) -> tuple[datetime | None, str, str, str, Decimal | None]:
    order = seen.order
    if order is None:
        return None, "", "", "", None
    return order.placed_at, order.buyer_name[:200], order.buyer_key[:100], order.currency, order.total


def _words(seen: Candidate, state: RemoteState) -> str:
    """What it is found by while it is not in the book; "" for those that are, which are found by their order."""
    if state == RemoteState.IMPORTED:
        return ""
    return vector_of_incoming(seen.order) if seen.order else vector([seen.number, seen.external_id], (), ())


def _newer_words(seen: Candidate, state: RemoteState) -> str | None:
    """As `_words`; None where the newer document cannot be read: then the order is found as before."""
    return _words(seen, state) if seen.order or state == RemoteState.IMPORTED else None


def change(run_id: int, entries: Sequence[tuple[int, Entry]], at: datetime) -> None:
    """Write a new decision on orders seen before, as (row id, entry), in one statement; those of erased people stay."""
    if not entries:
        return
    columns = [
        [row_id for row_id, _ in entries],
        *zip(
            *(
                (
                    entry.candidate.number, entry.candidate.status, entry.candidate.stamp, *_summary(entry.candidate),
                    entry.candidate.digest, entry.state.value, entry.reason_code, entry.reason, entry.subject[:255],
                    entry.action, entry.retry, entry.attempts, entry.next_attempt(at),
                    _newer_words(entry.candidate, entry.state),
                )
                for _, entry in entries
            ),
            strict=True,
        ),
    ]  # fmt: skip
    execute(
        "UPDATE integrations_remoteorder AS seen SET number = new.number, status = new.status, stamp = new.stamp,"
        " placed_at = coalesce(new.placed_at, seen.placed_at), buyer = new.buyer, buyer_key = new.buyer_key,"
        " currency = new.currency, total = new.total, payload = new.payload, digest = new.digest, state = new.state,"
        " reason_code = new.reason_code, reason = new.reason, subject = new.subject, action = new.action,"
        " retry = new.retry, search = coalesce(new.search::tsvector, seen.search),"
        " attempts = new.attempts, next_attempt_at = new.next_attempt_at, changed_at = %s, run_id = %s"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],"
        " %s::text[], %s::text[], %s::numeric[], %s::bytea[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::bool[], %s::int[], %s::timestamptz[], %s::text[], TEXTS)"
        " AS new (id, number, status, stamp, placed_at, buyer, buyer_key, currency, total, digest, state,"
        " reason_code, reason, subject, action, retry, attempts, next_attempt_at, search, payload)"
        " WHERE seen.id = new.id AND seen.erased_at IS NULL".replace("TEXTS", _texts(len(entries))),
        [at, run_id, *(list(column) for column in columns), *(entry.candidate.payload for _, entry in entries)],
    )


def without(integration_id: int, touched: Sequence[Touched]) -> list[str]:
    """The external ids of those of these orders that are in the book and whose documents do not say it yet."""
    if not touched:
        return []
    beginnings = [each.beginning for each in touched]
    found = execute(
        "SELECT DISTINCT seen.external_id FROM unnest(%s::text[], %s::text[], %s::text[]) AS told (low, high, mention)"
        " JOIN integrations_remoteorder AS seen ON seen.integration_id = %s AND seen.external_id >= told.low"
        " AND seen.external_id < told.high AND starts_with(seen.external_id, told.low)"
        " WHERE seen.state = %s AND strpos(seen.payload, told.mention) = 0",
        [
            beginnings,
            [f"{beginning}\U0010ffff" for beginning in beginnings],
            [each.mention for each in touched],
            integration_id,
            RemoteState.IMPORTED.value,
        ],
    )
    return [row[0] for row in found]


def refresh(rows: Sequence[tuple[Known, Candidate, str]]) -> None:
    """Keep up what the shop says of settled orders, as (record, candidate, column), whoever has seen it.

    Their state stays. Of a document that cannot be read only status and stamp are known: the rest stays, too.
    The column is the one that holds the document to be kept as `taken`; "" for none.
    Of orders whose person was erased nothing is kept, or a later load would bring them back.
    """
    if not rows:
        return
    columns = [
        [known.id for known, _, _ in rows],
        *zip(
            *(
                (seen.number, seen.status, seen.stamp, *_told(seen), seen.digest, _newer_words(seen, known.state))
                for known, seen, _ in rows
            ),
            strict=True,
        ),
        [kept for _, _, kept in rows],
    ]
    execute(
        "UPDATE integrations_remoteorder AS seen SET"
        " taken = CASE new.kept WHEN 'payload' THEN seen.payload WHEN 'taken' THEN seen.taken ELSE '' END,"
        " number = coalesce(nullif(new.number, ''), seen.number),"
        " status = new.status, stamp = coalesce(new.stamp, seen.stamp),"
        " placed_at = coalesce(new.placed_at, seen.placed_at), buyer = coalesce(new.buyer, seen.buyer),"
        " buyer_key = coalesce(new.buyer_key, seen.buyer_key), currency = coalesce(new.currency, seen.currency),"
        " total = coalesce(new.total, seen.total), payload = new.payload, digest = new.digest,"
        " search = coalesce(new.search::tsvector, seen.search)"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],"
        " %s::text[], %s::text[], %s::numeric[], %s::bytea[], %s::text[], %s::text[], TEXTS)"
        " AS new (id, number, status, stamp, placed_at, buyer, buyer_key, currency, total, digest, search, kept,"
        " payload)"
        " WHERE seen.id = new.id AND seen.erased_at IS NULL".replace("TEXTS", _texts(len(rows))),
        [*(list(column) for column in columns), *(seen.payload for _, seen, _ in rows)],
    )  # fmt: skip


def _texts(count: int) -> str:
    """An array of so many long texts, each a parameter of its own: as one parameter they would be escaped twice."""
    return f"ARRAY[{', '.join(['%s'] * count)}]::text[]"


def _told(seen: Candidate) -> tuple[datetime | None, str | None, str | None, str | None, Decimal | None]:
    return _summary(seen) if seen.order is not None else (None, None, None, None, None)
