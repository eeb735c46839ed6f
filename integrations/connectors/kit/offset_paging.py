"""Reading a list by offset, in the order of ids, so that nothing is lost while entries come and go between the pages.

Page numbers lose an entry for each one that leaves the list before the place reached (observed on WooCommerce: id order
and one order trashed, one skipped). Here each page overlaps the one before by one entry: it must begin with the last id
read. If it begins later, entries before it have left, and the offset steps back until the page begins at or before that
id; from there every higher id that is in the list is on the page. If it begins earlier, entries have joined before the
place reached; `Place.joined` says that the list should be read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Request, Response
from integrations.connectors.kit.json_documents import lenient


def page_size(shop: Shop, most: int, least: int = 5) -> int:
    """`most`, unless `settings["per_page"]` asks for less (a slow shop); never under `least`."""
    wanted = shop.settings.get("per_page", most)
    return min(most, max(least, wanted)) if isinstance(wanted, int) else most


class Place(msgspec.Struct, frozen=True):
    """Where a listing goes on. JSON-able."""

    # How many entries lie before the last one read.
    offset: int = 0
    first_id: int = 0
    last_id: int = 0
    # Different ids seen in this pass.
    seen: int = 0
    joined: bool = False


@dataclass(frozen=True)
class Slice:
    # (id, document) of the entries after the last id; the id as the shop wrote it.
    fresh: tuple[tuple[Any, bytes], ...]
    next: Place
    done: bool
    total: int | None
    response: Response


class _Identified(msgspec.Struct):
    id: Any = None


_identified = lenient(_Identified)


def next_slice(
    request_at: Callable[[int], Request], read: Callable[[Response], tuple[bytes, ...]], place: Place, page_size: int
) -> Operation[Slice]:
    """The entries after `place`. `request_at(offset)` asks for a page in rising order of ids, `read` cuts it."""
    offset, step = place.offset, page_size // 2
    while True:
        response = yield request_at(offset)
        entries = tuple((_identified(document).id, document) for document in read(response))
        ids = [identifier for identifier, _ in entries if type(identifier) is int]
        if ids != sorted(ids) or (entries and not ids and total_of(response) != len(entries)):
            raise ShopError(Failure.NONSENSE, "The shop does not keep to the order of ids that was asked for.")
        if not offset or (ids and ids[0] <= place.last_id):
            break
        offset, step = max(0, offset - step), step * 2
    if offset and ids[0] == place.first_id:
        # Either as many have joined as lie before this page, or the shop does not look at the offset.
        beginning = read((yield request_at(0)))
        if beginning and _identified(beginning[0]).id == place.first_id:
            raise ShopError(
                Failure.NONSENSE, "The shop answers every page with the first one; a plugin may break its paging."
            )
    fresh = tuple(entry for entry in entries if type(entry[0]) is not int or entry[0] > place.last_id)
    total = total_of(response)
    done = len(entries) < page_size if total is None else offset + max(page_size, len(entries)) >= total
    following = Place(
        offset=max(0, offset + max(page_size, len(entries)) - 1),
        first_id=place.first_id or (ids[0] if ids else 0),
        last_id=max(place.last_id, ids[-1] if ids else 0),
        seen=place.seen + len({identifier for identifier, _ in fresh}),
        joined=place.joined or (0 < place.offset == offset and ids[0] < place.last_id),
    )
    return Slice(fresh, following, done, total, response)


def total_of(response: Response) -> int | None:
    """WordPress's count of the whole list; wrong beyond the end, where WooCommerce 11 says 0."""
    value = response.headers.get("x-wp-total", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
