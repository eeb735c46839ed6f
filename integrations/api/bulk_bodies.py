"""Bodies of bulk calls: up to 10 MB, checked as a whole where a type is wrong, kept row by row as they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from rest_framework.parsers import BaseParser

from config.kit.api import bodies
from config.kit.api.faults_in_words import is_about_the_value, of_value
from config.kit.api.problems import ApiError, RowProblem, bad_payload
from orders.customers.customer_objects import CustomerObject
from stock.goods.sent_fields import ProductFields

# As published, in bytes.
LARGEST = 10_485_760
MOST_TOLD = 100
RAWS = msgspec.json.Decoder(list[msgspec.Raw])
EMPTY = frozenset({b"", b"{}", b"[]", b"null"})
# More than spaces: not all readers of patterns take the last four control characters for spaces, as Python does.
FILLED = r"[^\s\x1c-\x1f]"
SourceId = Annotated[
    str, Meta(description="Says which row is meant.", pattern=FILLED, extra_json_schema={"maxLength": 255})
]


class CustomerRow(CustomerObject, kw_only=True):
    """What changes of a customer; what is null is emptied."""

    source_id: SourceId


class ProductRow(ProductFields, kw_only=True):
    """What changes of a product; what is null is emptied."""

    source_id: SourceId


# As the document describes rows: they are read without the key, too, to name every row that lacks it.
DESCRIBED: dict[type[Any], type[Any]] = {CustomerObject: CustomerRow, ProductFields: ProductRow}


class MetadataUpdate(msgspec.Struct):
    """Which rows get what: merged by its keys into what they have."""

    source_ids: list[str]
    metadata: dict[str, Any]


METADATA = msgspec.json.Decoder(MetadataUpdate)


class BulkParser(BaseParser):
    """The bytes as they were sent; no body, and then no type of one, is an empty one. Raises 411, 413 and 415."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = parser_context["request"]
        length = request.headers.get("Content-Length", "")
        if length in {"", "0"} and not request.headers.get("Transfer-Encoding"):
            return b""
        try:
            return bodies.read(request, LARGEST)
        except ApiError as error:
            if error.status_code != 413:
                raise
            raise _too_large() from error


def _too_large() -> ApiError:
    """As published, in another shape than every other refusal, with what all of them have beside it."""
    message = f"Payload content length greater than maximum allowed: {LARGEST}"
    return ApiError(413, "query_too_large", message, also={"statusCode": 413, "error": "Request Entity Too Large"})


def rows(body: bytes, row: type[Any]) -> Sequence[msgspec.Raw]:
    """The rows, each as it was sent. Raises 400 that lists those of a wrong type or without source_id."""
    if body.strip() in EMPTY:
        return []
    raws = bodies.decode(body, RAWS)
    decoder = msgspec.json.Decoder(row)
    bad = [RowProblem(index, found) for index, raw in enumerate(raws) if (found := _fault(bytes(raw), decoder))]
    if bad:
        first = bad[0].details.replace("Property .", f"Property [{bad[0].index}].", 1)
        raise bad_payload(f"{first} ({len(bad)} of {len(raws)} rows are wrong; none was taken)", bad[:MOST_TOLD])
    return raws


def _fault(raw: bytes, decoder: msgspec.json.Decoder[Any]) -> str:
    """What keeps the whole call from being taken, "" where nothing does: values that cannot be fail alone, later."""
    try:
        source_id = bodies.parse(raw, decoder).source_id
    except msgspec.ValidationError as error:
        if not is_about_the_value(error):
            return of_value(error, decoder.type)
        source_id = msgspec.json.decode(raw).get("source_id")
    if not isinstance(source_id, str) or not source_id.strip():
        return "Property .source_id is missing: it says which row is meant"
    return ""


def metadata_update(body: bytes) -> MetadataUpdate:
    """Raises 400."""
    if body.strip() in EMPTY:
        return MetadataUpdate([], {})
    asked = bodies.decode(body, METADATA)
    bad = next(_faults(asked), "")
    if bad:
        raise bad_payload(bad)
    return asked


def _faults(asked: MetadataUpdate) -> Iterator[str]:
    yield from bodies.unstorable(asked.metadata, ".metadata")
    for index, each in enumerate(asked.source_ids):
        if not each.strip():
            yield f"Property .source_ids[{index}] is empty: take it out"
