"""What goes wrong on purpose: answers that are spoiled, and orders that move while somebody pages through them.

A fault is a JSON object, as `/_sim/faults` takes it:

    {"kind": "status", "status": 503, "count": 3}            the next three answers
    {"kind": "status", "status": 429, "retry_after": "30"}   count is 1 unless it says otherwise
    {"kind": "slow", "seconds": 2}, {"kind": "drip", "seconds": 0.2}, {"kind": "cut"}, {"kind": "html"},
    {"kind": "notice"}, {"kind": "redirect", "to": "http://other.example/"}
    {"kind": "breaks", "orders": [105]}      every answer that holds one of these; with "names": 1 not for its id alone;
                                             "how" is 500, another status, or "cut": the answer ends in its middle
    {"kind": "lose_answer"}                  does the work, then breaks the connection; with "how": 504 it answers that
    {"kind": "refuse_write", "status": 500}  answers so before working
    {"kind": "drop", "percent": 30}          answers as if it had worked
    {"kind": "place" | "touch" | "trash" | "delete", "order": 105, "status": "processing"}   happens before the answer

`path` (a part of the path, "orders" by default) and `skip` (so many matching requests first) say which answers
are meant; `share` (0 to 1) or `percent` lets only a part of them go wrong, drawn from the shop's seed. The three of
writing are meant for every path, and for nothing but requests that change something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.simulator.chance import chance
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.shop import SimulatedShop

SPOILING = {"status", "slow", "drip", "cut", "html", "notice", "redirect", "breaks"}
WRITING = {"lose_answer", "refuse_write", "drop"}
MOVING = {"place", "touch", "trash", "delete", "change"}


@dataclass
class Fault:
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    skip: int = 0
    path: str = "orders"
    share: float = 1.0

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Fault:
        """Raises ValueError."""
        kind = data.get("kind")
        known = SPOILING | MOVING | WRITING
        if kind not in known:
            raise ValueError(f"There is no fault {kind!r}; there are: {', '.join(sorted(known))}.")
        ever = 10**9 if kind == "breaks" else 1
        numbers = int(data.get("count", ever)), int(data.get("skip", 0))
        path = str(data.get("path", "" if kind in WRITING else "orders"))
        return cls(kind, data, *numbers, path, float(data.get("share", float(data.get("percent", 100)) / 100)))


class Faults:
    def __init__(self, seed: int) -> None:
        self._random = chance("faults", seed)
        self._waiting: list[Fault] = []

    def add(self, data: Mapping[str, Any]) -> None:
        self._waiting.append(Fault.read(data))

    def clear(self) -> None:
        self._waiting.clear()

    def may_be_of_writing(self, asked: Asked) -> bool:
        """Whether one waits for what this request may be: a request that changes something."""
        reads = asked.method in {"GET", "HEAD"}
        return not reads and any(fault.kind in WRITING and fault.path in asked.path for fault in self._waiting)

    def of_writing(self, asked: Asked) -> Fault | None:
        """The fault of a request that has changed something; counts it down."""
        return next(iter(self._due(asked, WRITING)), None)

    def due(self, asked: Asked) -> list[Fault]:
        """The other faults of this request; counts them down."""
        return self._due(asked, SPOILING | MOVING)

    def _due(self, asked: Asked, kinds: set[str]) -> list[Fault]:
        due: list[Fault] = []
        for fault in self._waiting:
            if fault.kind not in kinds or fault.path not in asked.path or self._random.random() >= fault.share:
                continue
            if fault.skip:
                fault.skip -= 1
            elif fault.kind in MOVING or all(other.kind in MOVING for other in due):
                fault.count -= 1
                due.append(fault)
        self._waiting = [fault for fault in self._waiting if fault.count > 0]
        return due


def move(shop: SimulatedShop, fault: Fault) -> None:
    options = fault.options
    order_id = int(options.get("order", 0))
    if fault.kind == "place":
        shop.place(options.get("status", "processing"), options.get("skus"), hidden=float(options.get("hidden", 0)))
    elif order_id not in shop.sales:
        return
    elif fault.kind == "delete":
        shop.delete(order_id)
    elif fault.kind == "trash":
        shop.change(order_id, "trash")
    else:
        shop.change(order_id, options.get("status"), refund=float(options.get("refund", 0)))


def spoil(fault: Fault, asked: Asked, answer: Answered) -> Answered:
    """Faults of time and connection (slow, drip, cut, a broken one) are the server's to commit."""
    page = {"Content-Type": "text/html; charset=UTF-8"}
    if fault.kind == "breaks":
        named = fault.options.get("names") and _asks_for_ids(asked)
        if named or set(fault.options["orders"]).isdisjoint(answer.ids):
            return answer
        how = fault.options.get("how", 500)
        if how == "cut":
            return Answered(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        return Answered(int(how), b"<p>There has been a critical error on this website.</p>", page)
    if fault.kind == "refuse_write":
        return Answered(int(fault.options.get("status", 500)), b"<html><h1>Error</h1></html>", page)
    if fault.kind == "lose_answer" and fault.options.get("how", "break") != "break":
        return Answered(int(fault.options["how"]), b"<html><h1>Gateway Time-out</h1></html>", page)
    if fault.kind == "status":
        wait = fault.options.get("retry_after")
        extra = {} if wait is None else {"Retry-After": str(wait)}
        return Answered(int(fault.options["status"]), b"<html><h1>Error</h1></html>", page | extra)
    if fault.kind == "html":
        return Answered(200, b"<!DOCTYPE html><html><title>Log in</title></html>", page)
    if fault.kind == "notice":
        notice = b"<br />\n<b>Notice</b>:  Undefined index: foo in <b>/srv/x.php</b> on line <b>12</b><br />\n"
        return Answered(answer.status, notice + answer.body, answer.headers)
    if fault.kind == "redirect":
        return Answered(302, b"", {"Location": str(fault.options.get("to", "https://elsewhere.example/"))})
    return answer


def _asks_for_ids(asked: Asked) -> bool:
    """Whether a list of ids is wanted and nothing of the orders, in the way of whichever platform."""
    fields = asked.get("_fields") or asked.get("responseFields").partition("items")[2] or asked.get("fields")
    fields = fields or asked.get("display").strip("[]")
    return fields in {"id", "(id)", "transaction_info"} or b"query OrderIds(" in asked.body
