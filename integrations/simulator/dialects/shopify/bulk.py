"""Shopify's bulk operations: one question, answered some time later by a file of JSON lines.

An operation sees the shop as it was when it began. Its file is served under `/bulk/`, by ranges of bytes, to whoever
has its signed address, which is good for seven days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.simulator.dialects.shopify.graphql import Document, GraphQLError, Json, Selection, pick, read
from integrations.simulator.dialects.shopify.lists import MOST
from integrations.simulator.messages import Answered, Asked

LASTS = timedelta(days=7)
UNFINISHED = ("CREATED", "RUNNING")
# The orders a question's arguments find.
Orders = Callable[[Json], list[Json]]


@dataclass
class Operation:
    number: int
    query: str
    created_at: datetime
    file: bytes
    found: int
    is_cancelled: bool = False

    @property
    def gid(self) -> str:
        return f"gid://shopify/BulkOperation/{self.number}"


@dataclass
class Operations:
    """What Shopify keeps of an app's operations. Tests may change it."""

    all: list[Operation] = field(default_factory=list)
    seconds: float = 4
    """How long one takes."""
    ends: str = "COMPLETED"
    most: int = 5

    def status(self, operation: Operation, now: datetime) -> str:
        age = (now - operation.created_at).total_seconds()
        if operation.is_cancelled:
            return "CANCELED"
        return "CREATED" if age < 1 and self.seconds else "RUNNING" if age < self.seconds else self.ends

    def run(self, given: Json, orders: Orders, now: datetime) -> Json:
        if sum(self.status(each, now) in UNFINISHED for each in self.all) >= self.most:
            return _refused("A bulk query operation for this app and shop is already in progress.")
        try:
            lines = list(_lines(read(given["query"]), orders))
        except GraphQLError as error:
            return _refused(f"Invalid bulk query: {error}")
        file = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
        found = sum("__parentId" not in line for line in lines)
        self.all.append(Operation(len(self.all) + 1, given["query"], now, file, found))
        return {"__typename": "Payload", "bulkOperation": self.document(self.all[-1], "", now), "userErrors": []}

    def cancel(self, given: Json, now: datetime) -> Json:
        for operation in self.all:
            if operation.gid == given.get("id") and self.status(operation, now) in UNFINISHED:
                operation.is_cancelled = True
        return {"__typename": "Payload", "bulkOperation": self.one(given.get("id"), "", now), "userErrors": []}

    def one(self, gid: Any, host: str, now: datetime) -> Json | None:
        return next((self.document(each, host, now) for each in self.all if each.gid == gid), None)

    def document(self, operation: Operation, host: str, now: datetime) -> Json:
        status = self.status(operation, now)
        url = f"{host}/bulk/{operation.number}.jsonl?signature={operation.number * 7919:032x}"
        return {
            "__typename": "BulkOperation",
            "id": operation.gid,
            "status": status,
            "errorCode": "TIMEOUT" if status == "FAILED" else None,
            "query": operation.query,
            "createdAt": operation.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "rootObjectCount": str(operation.found if status == "COMPLETED" else operation.found // 2),
            "url": url if status == "COMPLETED" and operation.file else None,
            "partialDataUrl": url if status == "FAILED" else None,
        }

    def serve(self, asked: Asked, now: datetime) -> Answered:
        number = re.fullmatch(r"/bulk/(\d{1,6})\.jsonl", asked.path)
        operation = next((each for each in self.all if number and each.number == int(number[1])), None)
        if operation is None or asked.get("signature") != f"{operation.number * 7919:032x}":
            return Answered(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
        if now > operation.created_at + LASTS:
            return Answered(400, b"<Error><Code>ExpiredToken</Code></Error>", {"Content-Type": "application/xml"})
        ranged = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.headers.get("range", ""))
        if ranged is None:
            return Answered(200, operation.file, {"Content-Type": "application/jsonl"})
        first, last, size = int(ranged[1]), int(ranged[2]), len(operation.file)
        if first >= size:
            return Answered(416, b"", {"Content-Range": f"bytes */{size}"})
        part = operation.file[first : last + 1]
        return Answered(206, part, {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{size}"})


def _refused(message: str) -> Json:
    error = {"__typename": "UserError", "field": None, "message": message}
    return {"__typename": "Payload", "bulkOperation": None, "userErrors": [error]}


def _lines(document: Document, orders: Orders) -> Iterator[Json]:
    """Each order without its connections, and behind it what they hold."""
    (top,) = document.parts
    wanted = _node(top)
    plain = [part for part in wanted if _node(part) is None]
    if any(_node(inner) for part in plain for inner in part.parts):
        raise GraphQLError("Queries that contain a connection field within a list field are not supported.", "INVALID")
    for order in orders(top.arguments):
        yield pick(Document("query", plain, {}), order, {})
        for part in wanted:
            inner = _node(part)
            for child in _all(order[part.name]) if inner else ():
                yield pick(Document("query", inner or [], {}), child, {}) | {"__parentId": order["id"]}


def _node(part: Selection) -> Any:
    """What is asked of each node of a connection; None for another field."""
    edges = next((inner for inner in part.parts if inner.name == "edges"), None)
    return edges.parts[0].parts if edges else None


def _all(connection: Callable[[Json], Json]) -> Iterator[Json]:
    after = None
    while True:
        page = connection({"first": MOST, "after": after})
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
