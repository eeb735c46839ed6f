"""Calls of the API that a partner may send again: with an Idempotency-Key they happen once, and are answered the same.

The answer is written in the transaction of what the call does, so after a crash either both are there or none; the
next call with the key goes on from there. Keys of one project mean nothing in another, and count for ANSWER_DAYS.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from config.kit import true_time
from config.kit.locks import try_lock
from integrations.models import KeptAnswer


class BeingAnswered(Exception):
    """A call with this key is being worked on at this moment."""


class OtherCall(Exception):
    """The key was used for another call before."""


@dataclass(frozen=True)
class Call:
    """A call with its key; `fingerprint` is of all that makes it this call and no other."""

    project_id: int
    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class CallAnswer:
    """A status and a body of JSON; `again`: it was made for an earlier call."""

    status: int
    body: bytes
    again: bool = False


def fingerprint(*parts: bytes) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.digest()


def once(call: Call, work: Callable[[], CallAnswer]) -> CallAnswer:
    """The answer kept for this call, else the one of `work`, which is kept with what it did.

    What `work` raises undoes all and keeps nothing. Raises BeingAnswered and OtherCall.
    """
    with transaction.atomic():
        if not _locked(call):
            raise BeingAnswered
        kept = KeptAnswer.objects.filter(project=call.project_id, key=call.key).first()
        if kept is not None and kept.created_at > _counts_since():
            if bytes(kept.fingerprint) != call.fingerprint:
                raise OtherCall
            return CallAnswer(kept.status, bytes(kept.body), again=True)
        if kept is not None:
            kept.delete()
        made = work()
        KeptAnswer.objects.create(
            project_id=call.project_id,
            key=call.key,
            fingerprint=call.fingerprint,
            status=made.status,
            body=made.body,
            created_at=true_time.now(),
        )
        return made


def _locked(call: Call) -> bool:
    """Hold the key until the end of the transaction; False when another call holds it."""
    name = fingerprint(b"idempotency", str(call.project_id).encode(), call.key.encode())
    number = int.from_bytes(name[:8], "big", signed=True)
    return try_lock(number)


def clear_old() -> int:
    """Forget answers whose key does not count any more; how many. For the tick."""
    return KeptAnswer.objects.filter(created_at__lte=_counts_since()).delete()[0]


def _counts_since() -> datetime:
    """Keys of before count no more."""
    days = settings.ANSWER_DAYS
    return true_time.now() - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
