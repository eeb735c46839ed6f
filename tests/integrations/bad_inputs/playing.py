"""A simulated shop whose answers are spoiled order by order, loaded by the whole engine without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from integrations import client, jobs
from integrations.choices import RemoteState, RunKind
from integrations.connectors.http import Operation
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.faults import Fault
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.sales import Sale, basket
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory
from tests.integrations.bad_inputs.wires import WIRES, Path, Wire
from tests.integrations.bad_inputs.xml_rpc import json_of, spoiled_answer
from tests.recorded import from_site, serve

# From the JSON of an order as the shop writes it to the JSON as it comes.
Spoiler = Callable[[str], str]
MARK = "to be replaced"


@dataclass(frozen=True)
class Setting:
    """Puts a raw piece of JSON, which need not be valid, in the place of a field; "" takes the field out."""

    paths: Sequence[Path]
    value: str

    def __call__(self, document: str) -> str:
        decoded: Any = json.loads(document)
        for path in self.paths:
            _put(decoded, path, self.value)
        return json.dumps(decoded, ensure_ascii=False).replace(f'"{MARK}"', self.value)


def setting(paths: Sequence[Path], value: str) -> Spoiler:
    return Setting(paths, value)


def _put(target: Any, path: Path, value: str) -> None:
    for key, following in pairwise(path):
        if isinstance(key, str):
            if not target.get(key):
                target[key] = [] if isinstance(following, int) else {}
        elif len(target) <= key:
            target.append({})
        target = target[key]
    if value:
        target[path[-1]] = MARK
    else:
        target.pop(path[-1], None)


class SpoiledSite(SimulatedSite):
    """A simulated shop whose orders are spoiled on their way out, by their ids."""

    def __init__(self, shop: SimulatedShop, dialect: str) -> None:
        super().__init__(shop, dialect)
        self.wire: Wire = WIRES[dialect]
        self.spoilers: dict[int, Spoiler] = {}
        self.spoil_page: Callable[[bytes], bytes] = bytes

    def answer(self, asked: Asked) -> tuple[Answered, Fault | None]:
        answered, fault = super().answer(asked)
        for name in self.wire.beside:
            answered = self._beside(name, answered)
        listed = _listed(json_of(answered.body) if self.wire.is_xml else answered.body, self.wire.page)
        if listed is None or not answered.ids:
            return answered, fault
        orders = msgspec.json.decode(listed, type=list[msgspec.Raw])
        assert len(orders) == len(answered.ids)
        spoiled = [
            self.spoilers[number](bytes(order).decode()).encode(errors="surrogatepass")
            if number in self.spoilers and self._is_beside(number) is None
            else bytes(order)
            for number, order in zip(answered.ids, orders, strict=True)
        ]
        page = b"[" + b",".join(spoiled) + b"]"
        if self.wire.is_xml:
            body = spoiled_answer(page, self.spoil_page)
        else:
            body = self.spoil_page(answered.body.replace(listed, page, 1))
        return Answered(answered.status, body, answered.headers, answered.ids), fault

    def _is_beside(self, number: int) -> str | None:
        """The list of its own in which the order's spoiled field is."""
        spoiler = self.spoilers.get(number)
        if not isinstance(spoiler, Setting) or spoiler.paths[0][0] not in self.wire.beside:
            return None
        return str(spoiler.paths[0][0])

    def _beside(self, name: str, answered: Answered) -> Answered:
        """A list of its own: the first entry of each order is spoiled as if it were a part of it."""
        listed = _listed(answered.body, (name,))
        if listed is None:
            return answered
        spoiled, seen = [], set[int]()
        for number, raw in zip(answered.ids, msgspec.json.decode(listed, type=list[msgspec.Raw]), strict=True):
            entry = bytes(raw).decode()
            if self._is_beside(number) == name and number not in seen:
                seen.add(number)
                start = f'{{"{name}": '
                entry = self.spoilers[number](f"{start}{entry}}}").removeprefix(start).removesuffix("}")
            spoiled.append(entry.encode(errors="surrogatepass"))
        body = answered.body.replace(listed, b"[" + b",".join(spoiled) + b"]", 1)
        return Answered(answered.status, body, answered.headers, answered.ids)


def _listed(body: bytes, path: tuple[str, ...]) -> bytes | None:
    """The list of orders in an answer, as it is written; None where there is none."""
    part: bytes | None = body
    try:
        for key in path:
            parts = msgspec.json.decode(part or b"{}", type=dict[str, msgspec.Raw])
            part = bytes(parts[key]) if key in parts else None
    except msgspec.DecodeError:
        return None
    return part if part is not None and part.startswith(b"[{") else None


class Playing:
    """One shop of a platform, its integration, and a load of it."""

    def __init__(
        self, platform: str, patch: pytest.MonkeyPatch, base_url: str = "https://shop.example", seed: int = 4
    ) -> None:
        self.platform = platform
        now = datetime.now(UTC)
        self.sold = SimulatedShop("Spoiled", seed=seed, clock=lambda: now)
        self.site = SpoiledSite(self.sold, platform)
        keys = Secrets(**dialects.get(platform).keys(self.sold))
        self.integration: Integration = IntegrationFactory.create(
            platform=platform, base_url=base_url, credentials=keys
        )
        set_up(self.integration)
        patch.setattr(client, "drive", self._drive)

    def place(self, spoilers: Sequence[Spoiler]) -> list[str]:
        """One order for each. Their external ids."""
        sales = [self._plain_sale() for _ in spoilers]
        self.site.spoilers |= {sale.id: spoiler for sale, spoiler in zip(sales, spoilers, strict=True)}
        named = [dialects.get(self.platform).external_id(self.sold, sale) for sale in sales]
        return [name for name in named if name]

    def _plain_sale(self) -> Sale:
        """One that is sent, not picked up, and whole: Shopify's shop edits a line out of every thirteenth order."""
        while True:
            sale = self.sold.place("processing", {"MUG-BLUE": 2, "MUG-WHITE": 1}, age=9000 - 10 * len(self.sold.sales))
            if sale.id % 13 and basket(self.sold.seed, sale).delivery[0] != "local_pickup":
                return sale
            self.sold.delete(sale.id)

    def load(self) -> Run:
        run = control.request(RunKind.LOAD, self.integration, since=self.integration.start_at)
        jobs.work(run.pk)
        run.refresh_from_db()
        return run

    def _drive(self, operation: Operation[Any], **_: Any) -> Any:
        return serve(operation, lambda request: from_site(self.site, request))[0]


def outcome(remote: RemoteOrder) -> str:
    """What became of an order: `imported`, `noted` (imported with a warning), `ignored`, or the code of its failure."""
    if remote.state == RemoteState.IMPORTED:
        return "noted" if Order.objects.get(remote_order=remote).warnings else "imported"
    if remote.state == RemoteState.FAILED:
        assert len(remote.reason) > 15 and remote.reason[-1] in ".)"
        return remote.reason_code
    return str(remote.state)
