"""What a connector is: one frozen record of pure functions and sans-I/O operations (see `http.Operation`).

A platform is a package `integrations/connectors/<key>/` whose `__init__` offers the record as `CONNECTOR`. What a
platform cannot do is None; there is no flag beside it that could say otherwise. Connectors keep no state: what one
wants to remember is in `Shop.memory`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from integrations.choices import ImportAction
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation, Response
from integrations.connectors.listings import CodeLists, Cursor, OrderPage, ProductPage, RemoteStatus, Window
from integrations.connectors.notifications import Hint, Notification, RemoteWebhook, SigningKey
from integrations.connectors.outward import Crossed, Dispatch, OrderCopy, Paid, Paper, StockAnswer, StockTarget
from orders.intake.incoming import IncomingOrder

# What lists orders, page by page.
Paging = Operation[OrderPage]


@dataclass(frozen=True)
class Shop:
    """What a connector may know of an integration. `repr` never shows a credential."""

    # As checked at save: scheme, host, optional port and path, no trailing slash.
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    settings: Mapping[str, Any] = field(default_factory=dict)
    # What a connector wants to remember between operations of one process, e.g. an access token and its end.
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class CredentialField:
    """A part of the credentials, as the form asks for it."""

    key: str
    label: str
    help_text: str = ""
    secret: bool = True
    # False where another way in may stand for it; the connection test says what is missing.
    required: bool = True


@dataclass(frozen=True)
class Budget:
    """How many requests a platform takes in a time, of one integration and all its workers together."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class Capabilities:
    """The numbers of a platform's API."""

    # How many orders one request can bring by id.
    orders_by_ids: int = 100
    # How long after its webhook an order may still be missing where it is looked for.
    listed_within: timedelta = timedelta(0)
    # How few orders a page of a window can be asked for, by `settings["per_page"]`, before `past_a_fault` follows.
    # None: it finds its way past them from a page of any size.
    least_page: int | None = None
    # Declared where the platform does not say in its answers how much is left.
    budget: Budget | None = None


@dataclass(frozen=True)
class DefaultRule:
    """What an order of this status becomes, unless staff say otherwise."""

    status: str
    label: str
    action: ImportAction
    retry: bool


def rules(action: ImportAction, labels: Mapping[str, str], *, retry: bool = False) -> tuple[DefaultRule, ...]:
    """One rule for each of these statuses, which are named with their labels."""
    return tuple(DefaultRule(status, label, action, retry) for status, label in labels.items())


@dataclass(frozen=True)
class ConnectionReport:
    """The answer of a connection test, in sentences for staff."""

    ok: bool
    summary: str
    shop_name: str = ""
    version: str = ""
    # The IANA name of the zone the shop is set to, where it tells one.
    time_zone: str = ""
    # The shop's own clock (its Date header), UTC.
    clock: datetime | None = None
    hints: tuple[str, ...] = ()
    # Who must act, when it is not ok.
    failure: Failure | None = None


@dataclass(frozen=True)
class Identity:
    """What can be said of a payload that cannot be read as an order; parts may be empty."""

    external_id: str
    number: str = ""
    status: str = ""
    modified_at: datetime | None = None


@dataclass(frozen=True)
class Orders:
    """How orders are listed and found."""

    # One page of the orders of a window. No order that stays in it is left out, whatever moves meanwhile.
    in_window: Callable[[Shop, Window, Cursor | None], Paging]
    # The orders with these ids (at most `capabilities.orders_by_ids`); missing ones are just not there.
    by_ids: Callable[[Shop, tuple[str, ...]], Paging]
    # The order with this human number, or an empty page. Only exact matches.
    by_number: Callable[[Shop, str], Paging]
    # The page at the cursor in spite of orders that make the shop fail, where the smallest page there does. Names those
    # orders, and raises ShopError where it is the shop that fails, whatever it is asked for. See `kit.broken_orders`.
    # None: a shop with such an order is waited for.
    past_a_fault: Callable[[Shop, Window, Cursor | None], Paging] | None = None
    # End what the shop does for a listing that is cancelled, where a page said `in_shop`.
    abandon: Callable[[Shop, Cursor], Operation[None]] | None = None
    # What `by_number` looks through where the platform cannot look for every number, e.g. "its newest 500 orders".
    looked_through: str = ""


def _in_files(*_: Any) -> Operation[Any]:
    """What a platform without an API answers, whatever it is asked."""
    yield from ()
    raise ShopError(Failure.REFUSED, "It cannot be asked: what it says comes in files, by the feeds that read them.")


# How orders are listed and found where nobody can be asked for them.
IN_FILES = Orders(_in_files, _in_files, _in_files)


@dataclass(frozen=True)
class SigningKeys:
    """The keys, or the certificates, that a platform signs its notifications with."""

    # The key a notification claims to be signed with; its None: the secret suffices, or no possible key is named.
    claimed: Callable[[Shop, Notification], SigningKey | None]
    # The key by that name, as PEM. ShopError NOT_FOUND where the platform has none.
    fetch: Callable[[Shop, str], Operation[str]]


class Register(Protocol):
    """Registers what is missing for order events at an address; those that are there stay."""

    def __call__(
        self, shop: Shop, address: str, secret: str, only: Container[str] | None = None, /
    ) -> Operation[tuple[RemoteWebhook, ...]]:
        """`only`: the topics that are meant; None: all."""


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """How a platform tells of its orders, and how it is made to."""

    # (shop, secret, notification, now): whether the raw body is signed by the platform; constant time, False for
    # anything odd, never raises. `secret` is the one we registered with.
    verify: Callable[[Shop, str, Notification, datetime], bool]
    # None: the secret suffices.
    signing_keys: SigningKeys | None = None
    # (secret, address, code): the JSON that proves to the platform that `address` is ours; its None: no such code.
    answer_challenge: Callable[[str, str, str], Mapping[str, str] | None] | None = None
    # Whether this is the platform's unsigned greeting, which is answered with 200 and otherwise ignored.
    is_ping: Callable[[Notification], bool] | None = None

    # What a verified notification is about; an empty hint for pings and foreign topics. Never raises.
    read: Callable[[Notification], Hint]
    # (hinted, external id): whether an order that was read again is the one a hint named, where hints do not know the
    # whole id.
    is_same_order: Callable[[str, str], bool] | None = None

    # What is registered, ours and others'.
    registered: Callable[[Shop], Operation[tuple[RemoteWebhook, ...]]] | None = None
    # None: the platform takes the address only in its own settings, and tells nobody what is entered there.
    register: Register | None = None
    # What staff should know of them.
    note: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether somebody has to enter the address in the platform's own settings."""
        return self.register is None


@dataclass(frozen=True, kw_only=True)
class Shipments:
    """How a platform is told that goods have left."""

    # The shipment as the shop has it already: by our number where it can be kept there, else by its tracking number,
    # else by what has left of those lines. None: there is none.
    find: Callable[[Shop, Dispatch], Operation[Crossed | None]]
    # Tell of a shipment that is not there yet.
    send: Callable[[Shop, Dispatch], Operation[Crossed]]
    # (remote id, ...): carrier and tracking number of one that is there. None: they cannot be changed any more.
    correct: Callable[[Shop, str, Dispatch], Operation[Crossed]] | None = None
    # The codes it takes for carriers. Empty: it takes any name.
    carriers: tuple[RemoteStatus, ...] = ()
    # Whether a part of an order can be told of; where not, only the shipment that completes it is.
    parts: bool = True


@dataclass(frozen=True, kw_only=True)
class StockLevels:
    """How a platform's quantities are set, by SKU, absolutely."""

    # How many articles one operation takes.
    at_once: int
    # Set these quantities; an answer for each target, in their order. The same ones again are harmless.
    send: Callable[[Shop, tuple[StockTarget, ...]], Operation[tuple[StockAnswer, ...]]]
    # What the shop has of these now (`outcome` SET with its quantity, UNKNOWN or UNMANAGED); nothing is written.
    read: Callable[[Shop, tuple[StockTarget, ...]], Operation[tuple[StockAnswer, ...]]]
    # Whether `before` is compared by the platform.
    compares: bool = False


@dataclass(frozen=True, kw_only=True)
class Creation:
    """How an order is made in a shop."""

    # The order with this reference, or None; looked for before every try to create it.
    find: Callable[[Shop, str], Operation[Crossed | None]]
    # `remote_id`: as the connector's `identify` gives it as external id.
    create: Callable[[Shop, OrderCopy], Operation[Crossed]]


@dataclass(frozen=True, kw_only=True)
class Outward:
    """What a platform can be told; None: it cannot.

    Operations send nothing twice by themselves: a request that changes something is never `idempotent=True` unless the
    platform says that the same one again is harmless. Whoever drives them asks `find` first where an earlier try may
    have worked.
    """

    shipments: Shipments | None = None
    stock: StockLevels | None = None
    # (order's external id, payment): mark it as paid; looks first, and does nothing where it is.
    pay: Callable[[Shop, str, Paid], Operation[Crossed]] | None = None
    # (order's external id, paper): name it in a note or a field of the order; looks first.
    name_paper: Callable[[Shop, str, Paper], Operation[Crossed]] | None = None
    creation: Creation | None = None
    # Keys of an order's metadata that change in the shop when it is told of something: an echo, and no news.
    echoed: frozenset[str] = frozenset()
    # What keys and rights writing takes beyond reading, a sentence for the page that switches it on.
    rights: str = ""


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One platform."""

    # Also the name of its package here and below `simulator.dialects`.
    key: str
    label: str
    # Where it stands in the lists people see.
    rank: int

    credential_fields: tuple[CredentialField, ...]
    # The platform's API root where all shops share one; "" where every shop has its own address.
    default_base_url: str = ""
    # Test address and credentials; a refusal is a report with ok=False and the way out, not an exception.
    check: Callable[[Shop], Operation[ConnectionReport]] = _in_files
    # Seconds that nobody should ask for after this answer, by the platform's own count of what is left.
    pause_after: Callable[[Response], float] | None = None

    code_lists: Callable[[Shop], Operation[CodeLists]] = _in_files
    products: Callable[[Shop, Cursor | None], Operation[ProductPage]] | None = None
    default_rules: tuple[DefaultRule, ...]

    # IN_FILES: it has no API, see `by_files`.
    orders: Orders = IN_FILES
    # Raises PayloadError, and nothing else, for what cannot be an order.
    parse: Callable[[bytes, Shop], IncomingOrder]
    # Never raises; for payloads that `parse` refuses.
    identify: Callable[[bytes, Shop], Identity]
    capabilities: Capabilities = Capabilities()
    # None: its webhooks are not signed, so none are taken.
    webhooks: Webhooks | None = None
    # What it can be told.
    outward: Outward = Outward()

    @property
    def by_files(self) -> bool:
        """Whether it has no API: files are exchanged with it (`integrations.warehouses`)."""
        return self.orders is IN_FILES
