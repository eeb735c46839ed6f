"""Read a shop's payloads into what the rules decide on. No database."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from config.kit.isolating import place_of
from integrations.connectors.contract import Connector, Identity, Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit.mending import left_out
from integrations.importing.paths import picked
from orders.intake.incoming import IncomingOrder

logger = logging.getLogger(__name__)


class Candidate(Struct, frozen=True):
    """One payload of a page: read as an order, or refused with a reason."""

    external_id: str
    number: str
    status: str
    stamp: datetime | None
    payload: str
    digest: bytes
    order: IncomingOrder | None = None
    error_code: str = ""
    error: str = ""
    subject: str = ""
    """What the error is about: the place in the payload, without the numbers of its lines."""
    unchanged: bool = False
    """Known to the byte: not read, nothing to do."""

    @property
    def has_id(self) -> bool:
        """Whether the shop can be asked for it again."""
        return not self.external_id.startswith(NO_ID) and self.error_code != BREAKS


NO_ID = "no-id-"
# The error code of an order that was asked for by id and did not come.
GONE = "gone"
# The error code of an order that the shop cannot give without failing.
BREAKS = "breaks_shop"
# The error code of a document that is not kept any more.
REMOVED = "removed"
NOT_KEPT = "The shop's document of this order is not kept any more: fetch the order again by Import Orders."


def digest_of(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=16).digest()


# Looks up the digests on record, by external id.
Digests = Callable[[Sequence[str]], Mapping[str, bytes]]


def read_page(
    connector: Connector, shop: Shop, payloads: Iterable[bytes], on_record: Digests | None = None
) -> list[Candidate]:
    """Read every payload of a page; of two with the same id the newest stays. Never raises for a single bad order.

    Payloads that `on_record` knows to the byte are not read again, only counted (`unchanged`).
    """
    by_id: dict[str, Candidate] = {}
    for payload, digest, unchanged in _recognised(connector, shop, payloads, on_record):
        candidate = unchanged or read(connector, shop, payload, digest)
        twin = by_id.get(candidate.external_id)
        if twin is None or (candidate.stamp and twin.stamp and candidate.stamp >= twin.stamp):
            by_id[candidate.external_id] = candidate
    return list(by_id.values())


def _recognised(
    connector: Connector, shop: Shop, payloads: Iterable[bytes], on_record: Digests | None
) -> list[tuple[bytes, bytes, Candidate | None]]:
    digests = [(payload, digest_of(payload)) for payload in payloads]
    if on_record is None:
        return [(payload, digest, None) for payload, digest in digests]
    identities = [_identity(connector, shop, payload) for payload, _ in digests]
    known = on_record([identity.external_id for identity in identities])
    return [
        (payload, digest, _same(identity, digest) if known.get(identity.external_id) == digest else None)
        for identity, (payload, digest) in zip(identities, digests, strict=True)
    ]


def _same(identity: Identity, digest: bytes) -> Candidate:
    return Candidate(
        identity.external_id, identity.number, identity.status, identity.modified_at, "", digest, unchanged=True
    )


def _identity(connector: Connector, shop: Shop, payload: bytes) -> Identity:
    try:
        return connector.identify(payload, shop)
    except Exception as error:  # noqa: BLE001  the barrier: a fault of ours fails one order and not its shop
        logger.error("An order could not be told from others: %s", place_of(error))
        return Identity("")


def read(connector: Connector, shop: Shop, payload: bytes, digest: bytes) -> Candidate:
    try:
        damaged = left_out(payload)
        if damaged is not None:
            raise damaged
        order = connector.parse(payload, shop)
        if paths := shop.settings.get("document_paths"):
            order = msgspec.structs.replace(order, picked=picked(payload, paths))
    except PayloadError as error:
        return _refused(_identity(connector, shop, payload), payload, digest, error)
    except Exception as error:  # noqa: BLE001  the barrier: a fault of ours fails one order and not its shop
        return _refused(_identity(connector, shop, payload), payload, digest, _fault(error))
    return Candidate(
        order.external_id, order.number, order.status, order.modified_at, payload.decode(), digest, order=order
    )


def read_stored(connector: Connector, shop: Shop, document: str) -> Candidate:
    """Read the document of a remote order once more; `shop` needs no credentials (`Integration.reader`).

    One that is not kept any more is refused with a sentence.
    """
    if not document:
        return Candidate("", "", "", None, "", bytes(16), error_code=REMOVED, error=NOT_KEPT)
    payload = document.encode(errors="replace")
    return read(connector, shop, payload, digest_of(payload))


def _fault(error: Exception) -> PayloadError:
    """Says where, and nothing of what: the text of an error may quote the order."""
    what = place_of(error)
    logger.error("An order could not be read: %s", what)
    return PayloadError("fault", f"A fault of Countinghouse keeps this order from being read ({what}). Report it.")


def _refused(identity: Identity, payload: bytes, digest: bytes, error: PayloadError) -> Candidate:
    where = "" if error.path in {"", "$"} else f" ({error.path})"
    return Candidate(
        # A payload without an id is kept under its digest, so that it is seen, counted and never doubled.
        identity.external_id or f"{NO_ID}{digest.hex()}",
        identity.number[:100],
        identity.status[:100],
        identity.modified_at,
        payload.decode(errors="replace").replace("\x00", "\ufffd"),
        digest,
        error_code=error.code[:50],
        error=f"{error.message}{where}"[:500],
        subject=re.sub(r"\[\d+\]", "[]", where.strip(" ()"))[:255],
    )
