"""Serve a simulated shop over HTTP, with a door for its director under `/_sim/`.

| request | does |
|---|---|
| `POST /_sim/orders` `{"status", "skus": {sku: quantity}, "hidden": seconds, "age": seconds}` | place an order |
| `POST /_sim/orders/{id}` `{"status", "refund": share}` | change it; without a status only touch it; "trash" trashes |
| ... `{"skus", "buyer": number, "note", "half": yes, "stamped": no}` | amend it, half-write it, leave its stamp alone |
| `DELETE /_sim/orders/{id}` | delete it for good |
| `POST /_sim/faults`, `DELETE /_sim/faults` | see `integrations.simulator.faults` |
| `POST /_sim/clock` `{"ahead": seconds}` | set the clock of its server wrong |
| `POST /_sim/hooks` `{"topic", "address"}` | enter a webhook by hand, signed with the shop's secret |
| `POST /_sim/stock` `{sku: quantity}` | set quantities by hand; null: the shop keeps no stock of it |
| `POST /_sim/rights` `{"write": no}` | take from the shop's key the right to write, or give it back |
| `GET /_sim/log`, `DELETE /_sim/log` | what was served: method, path, params, status, ids of orders, what was written |
| `GET /_sim/shop` | name, keys, zone, currency, quantities, every order's id, number, status, stamps and records |
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.simulator import dialects
from integrations.simulator.faults import MOVING, Fault, Faults, move, spoil
from integrations.simulator.hooks import Writer, keep_delivering
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Amended
from integrations.simulator.shop import SimulatedShop

LONGEST_LOG = 20_000


class SimulatedSite:
    """A shop, its dialect, its faults and its log; answers requests, however they arrive."""

    def __init__(self, shop: SimulatedShop, dialect: str = "woocommerce") -> None:
        self.shop = shop
        self.faults = Faults(shop.seed)
        self.log: deque[dict[str, Any]] = deque(maxlen=LONGEST_LOG)
        spoken = dialects.get(dialect)
        self._answer, self._refuse = spoken.answer, spoken.too_many
        if spoken.limit is not None:
            shop.limit = replace(spoken.limit)
        self.writer: Writer | None = spoken.parcel

    def answer(self, asked: Asked) -> tuple[Answered, Fault | None]:
        """The answer, and the fault the transport should commit with it."""
        with self.shop.lock:
            self.shop.advance()
            faults = self.faults.due(asked)
            for fault in faults:
                if fault.kind in MOVING:
                    move(self.shop, fault)
            registered = self.shop.webhooks.written()
            answered, failing = self._worked(asked)
            if self.shop.webhooks.written() != registered:
                self.shop.save()
            spoiling = failing or next((fault for fault in faults if fault.kind not in MOVING), None)
            if spoiling is not None:
                answered = spoil(spoiling, asked, answered)
            date = self.shop.now() + timedelta(seconds=self.shop.ahead)
            answered = Answered(
                answered.status,
                answered.body,
                {
                    "Date": format_datetime(date, usegmt=True),
                    **answered.headers,
                },
                answered.ids,
            )
            self.log.append(
                {
                    "at": self.shop.now().isoformat(),
                    "method": asked.method,
                    "path": asked.path,
                    "params": [pair for pair in asked.params if "secret" not in pair[0]],
                    "status": answered.status,
                    "ids": list(answered.ids),
                    "fault": spoiling.kind if spoiling else None,
                    "wrote": self.shop.news,
                }
            )
            return answered, spoiling

    def _worked(self, asked: Asked) -> tuple[Answered, Fault | None]:
        """The answer, and the fault of writing: what it lets the shop forget was never written."""
        shop = self.shop
        before = shop.written() if self.faults.may_be_of_writing(asked) else ""
        shop.news = []
        answered = self._answer(shop, asked) if shop.limit.take() else self._refuse(shop)
        failing = self.faults.of_writing(asked) if shop.news else None
        if failing is not None and failing.kind != "lose_answer":
            shop.restore(before)
            shop.save()
        return answered, failing

    def direct(self, asked: Asked) -> Answered:
        """A request to the director's door."""
        try:
            data = json.loads(asked.body or b"{}")
            with self.shop.lock:
                return self._direct(asked.method, asked.path.removeprefix("/_sim/").strip("/").split("/"), data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return as_json({"error": str(error)}, 400)

    def _direct(self, method: str, place: list[str], data: dict[str, Any]) -> Answered:
        match method, place:
            case "POST", ["orders"]:
                options = {name: float(data[name]) for name in ("hidden", "age") if name in data}
                sale = self.shop.place(data.get("status", "processing"), data.get("skus"), **options)
                return as_json({"id": sale.id, "number": sale.number}, 201)
            case "POST", ["orders", number]:
                amended: dict[str, Any] = {name: data[name] for name in ("buyer", "note", "half") if name in data}
                if "skus" in data:
                    amended["skus"] = tuple(data["skus"].items())
                sale = self.shop.change(
                    int(number),
                    data.get("status"),
                    refund=float(data.get("refund", 0)),
                    amended=Amended(**amended) if amended else None,
                    stamped=bool(data.get("stamped", True)),
                )
                return as_json({"id": sale.id, "status": sale.state(self.shop.now()).status})
            case "DELETE", ["orders", number]:
                self.shop.delete(int(number))
            case "POST", ["faults"]:
                self.faults.add(data)
            case "POST", ["hooks"]:
                if all(hook.address != data["address"] for hook in self.shop.webhooks.hooks.values()):
                    self.shop.webhooks.add(str(data["topic"]), str(data["address"]), self.shop.secret)
                    self.shop.save()
            case "DELETE", ["faults"]:
                self.faults.clear()
            case "POST", ["stock"]:
                for sku, quantity in data.items():
                    self.shop.records.quantities[sku] = None if quantity is None else int(quantity)
                self.shop.save()
            case "POST", ["rights"]:
                self.shop.records.writable = bool(data["write"])
                self.shop.save()
            case "POST", ["clock"]:
                self.shop.ahead = float(data["ahead"])
            case "GET", ["log"]:
                return as_json(list(self.log))
            case "DELETE", ["log"]:
                self.log.clear()
            case "GET", ["shop"]:
                return as_json(self._description())
            case _:
                return as_json({"error": "See integrations/simulator/server.py for what there is."}, 404)
        return as_json({"done": True})

    def _description(self) -> dict[str, Any]:
        self.shop.advance()
        shop, now = self.shop, self.shop.now()
        return {
            "name": shop.name,
            "consumer_key": shop.key,
            "consumer_secret": shop.secret,
            "zone": str(shop.zone),
            "currency": shop.currency,
            "now": now.isoformat(),
            "writable": shop.records.writable,
            "quantities": shop.records.quantities,
            "orders": [
                {
                    "id": sale.id,
                    "number": sale.number,
                    "status": sale.state(now).status,
                    "placed_at": sale.placed_at.isoformat(),
                    "modified_at": sale.state(now).at.isoformat(),
                    **shop.records.about(sale.id),
                    "reference": sale.given.reference if sale.given else "",
                }
                for sale in shop.visible()
            ],
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Or a body waits 40 ms for the acknowledgement of its headers."""
    server: SimulatedServer

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            self.command,
            unquote(parts.path),
            tuple(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            host=self.headers.get("Host", ""),
        )
        if asked.path.startswith("/_sim/"):
            self._send(self.server.site.direct(asked), None)
        else:
            self._send(*self.server.site.answer(asked))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle

    def _send(self, answered: Answered, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        seconds = float(fault.options.get("seconds", 1)) if fault else 0
        if kind == "slow":
            time.sleep(seconds)
        if fault is not None and kind == "lose_answer" and fault.options.get("how", "break") == "break":
            self.close_connection = True
            return
        self.send_response_only(answered.status)
        for name, value in answered.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "drip":
            for byte in answered.body:
                self.wfile.write(bytes([byte]))
                time.sleep(seconds)
        elif kind == "cut":
            self.wfile.write(answered.body[: len(answered.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(answered.body)

    def handle(self) -> None:
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log is under /_sim/log."""


class SimulatedServer(ThreadingHTTPServer):
    """A context manager that serves until it is left. Port 0 takes a free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, site: SimulatedSite, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.site = site
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def __enter__(self) -> SimulatedServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        writer = self.site.writer
        if writer is not None:
            sender = (self.site.shop, writer, self._stopping)
            threading.Thread(target=keep_delivering, args=sender, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._stopping.set()
        self.shutdown()
        self.server_close()
