"""From which warehouse an order is served: the first rule it matches, else the project's default. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property

from msgspec import Struct

from orders.intake.incoming import IncomingAddress, IncomingOrder
from stock.availability import Shelves, shortages

Place = int | None


class Facts(Struct, frozen=True, kw_only=True):
    """What rules ask of an order. `country` is ISO 3166-1 alpha-2, `postcode` as `plain` writes it; both may be ""."""

    integration_id: int | None
    country: str = ""
    postcode: str = ""
    shipping: tuple[str, ...] = ()
    """Code and title of its shipping method."""
    currency: str = ""
    total: Decimal = Decimal(0)
    skus: tuple[str, ...] = ()


class Route(Struct, frozen=True, kw_only=True):
    """A rule; what is empty holds of every order."""

    place: Place = None
    by_stock: bool = False
    """Instead of `place`: the first warehouse that has everything; where none has, the next rules decide."""
    integration_id: int | None = None
    countries: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    """How the postcode begins, one of them, each as `plain` writes it."""
    shipping: str = ""
    """The shipping method's code or title, in full; `*` stands for any text. Upper and lower case are the same."""
    currency: str = ""
    total_from: Decimal | None = None
    total_to: Decimal | None = None
    """Both included, in the order's own currency."""
    sku_prefix: str = ""
    """How the SKU of any of its lines begins, upper and lower case alike."""

    def matches(self, order: Facts) -> bool:
        """Whether all its conditions hold of the order."""
        return (
            self.integration_id in (None, order.integration_id)
            and (not self.countries or order.country in self.countries)
            and (not self.postcodes or order.postcode.startswith(self.postcodes))
            and (not self.shipping or any(_like(text, self.shipping) for text in order.shipping))
            and self.currency in ("", order.currency)
            and (self.total_from is None or order.total >= self.total_from)
            and (self.total_to is None or order.total <= self.total_to)
            and (not self.sku_prefix or any(_begins(sku, self.sku_prefix) for sku in order.skus))
        )


@dataclass(frozen=True)
class Routing:
    """The rules of a project as they are when a page is written, and the warehouses that take orders, by priority."""

    routes: Sequence[Route]
    default: Place
    active: Sequence[Place]
    first: int
    """The warehouse that places name by None; 0 before there is one."""

    @cached_property
    def places(self) -> list[Place]:
        """Every warehouse that an order may come to."""
        found = [self.default, *(route.place for route in self.routes if not route.by_stock)]
        if any(route.by_stock for route in self.routes):
            found += self.active
        return list(dict.fromkeys(found))

    def place(self, order: Facts, wanted: Mapping[int, int], shelves: Shelves) -> Place:
        """Where an order of so many units, by product id, is served from; `shelves` has all of `places`."""
        for route in self.routes:
            if not route.matches(order):
                continue
            if not route.by_stock:
                return route.place
            full = [place for place in self.active if wanted and not shortages(shelves[place], wanted)]
            if full:
                return full[0]
        return self.default


def facts_of(order: IncomingOrder, integration_id: int | None) -> Facts:
    return facts(
        integration_id,
        order.billing if order.shipping.is_empty else order.shipping,
        (order.shipping_code, order.shipping_title),
        order.currency,
        order.total,
        (line.sku for line in order.lines),
    )


def facts(
    integration_id: int | None,
    address: IncomingAddress,
    shipping: Iterable[str],
    currency: str,
    total: Decimal,
    skus: Iterable[str],
) -> Facts:
    """`address`: where the order goes."""
    return Facts(
        integration_id=integration_id,
        country=address.country.upper(),
        postcode=plain(address.postal_code),
        shipping=tuple(filter(None, shipping)),
        currency=currency,
        total=total,
        skus=tuple(filter(None, skus)),
    )


def plain(postcode: str) -> str:
    """A postcode without spaces and hyphens, in upper case."""
    return "".join(each for each in postcode.upper() if each.isalnum())


def units_of(order: IncomingOrder, products: Mapping[str, int]) -> dict[int, int]:
    """The units by product id that an order asks of the stock."""
    wanted: dict[int, int] = {}
    for line in order.lines:
        product_id = products.get(line.sku) if line.stocked and line.sku else None
        units = line.quantity - min(line.refunded, line.quantity)
        if product_id is not None and units:
            wanted[product_id] = wanted.get(product_id, 0) + units
    return wanted


def _like(text: str, pattern: str) -> bool:
    """Only `*` is a wildcard: brackets and question marks are what they are."""
    escaped = pattern.casefold().replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(text.casefold(), escaped)


def _begins(text: str, beginning: str) -> bool:
    return text.casefold().startswith(beginning.casefold())
