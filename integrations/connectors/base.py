"""What a connector is: sans-I/O generators that yield requests and receive responses.

An operation never does I/O. It yields `Request`s, is sent the `Response` of each, and returns its result:

    def statuses(self, shop: Shop) -> Operation[tuple[RemoteStatus, ...]]:
        response = yield Request("GET", "orders/statuses", auth=self.auth(shop))
        return tuple(...)

`integrations.client` drives operations over HTTP and throws `ShopError`s into them where the shop cannot be reached;
tests drive them with recorded answers. Paging is the engine's: an operation that lists returns one page and the cursor
of the next, so that a run can stop and continue anywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from integrations.choices import ImportAction
from integrations.connectors.errors import Failure, ShopError
from orders.intake.incoming import IncomingOrder

T = TypeVar("T")


@dataclass(frozen=True)
class BasicAuth:
    """HTTP Basic; only ever sent over https."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class OAuth1Auth:
    """One-legged OAuth 1.0a, HMAC-SHA256, signed by the client into the Authorization header."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class HeaderAuth:
    """A secret in a header, e.g. `X-Shopify-Access-Token` or `Authorization: Bearer ...`; only over https."""

    name: str
    value: str = field(repr=False)


Auth = BasicAuth | OAuth1Auth | HeaderAuth


@dataclass(frozen=True)
class Request:
    """One HTTP request. `url` is absolute; `params` keep their order; `body` is sent as JSON when given."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    auth: Auth | None = None
    idempotent: bool | None = None
    """May be tried again after a failure; None: GET and HEAD may."""


@dataclass(frozen=True)
class Response:
    """The answer: decoded body (at most 32 MB), header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Operation = Generator[Request, Response, T]


@dataclass(frozen=True)
class Shop:
    """What a connector may know of an integration. `repr` never shows a credential."""

    base_url: str
    """As checked at save: scheme, host, optional port and path, no trailing slash."""
    credentials: Mapping[str, str] = field(repr=False)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    settings: Mapping[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What a connector wants to remember between operations of one process, e.g. an access token and its end."""


@dataclass(frozen=True)
class CredentialField:
    key: str
    label: str
    help_text: str = ""
    secret: bool = True
    required: bool = True
    """False where another way in may stand for it; the connection test says what is missing."""


@dataclass(frozen=True)
class Budget:
    """How many requests a platform takes in a time, of one integration and all its workers together."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class Capabilities:
    """What the platform's API can do; the admin shows what it cannot."""

    orders_by_window: bool = True
    orders_by_ids: int = 100
    """How many orders one request can bring by id; 0: none."""
    order_by_number: bool = True
    products: bool = True
    signed_webhooks: bool = False
    webhooks_by_hand: bool = False
    """The platform takes the address only in its own settings, and tells nobody what is entered there."""
    listed_within: timedelta = timedelta(0)
    """How long after its webhook an order may still be missing where it is looked for."""
    least_page: int = 0
    """How few orders a page of a window can be asked for, by `settings["per_page"]`, where `past_a_fault` follows it;
    0: pages are not made smaller."""
    modified_is_reliable: bool = False
    """Whether every change of an order moves its modified stamp."""
    budget: Budget | None = None
    """Declared where the platform does not say in its answers how much is left."""


@dataclass(frozen=True)
class DefaultRule:
    status: str
    label: str
    action: ImportAction
    retry: bool


@dataclass(frozen=True)
class RemoteStatus:
    code: str
    label: str


@dataclass(frozen=True)
class CodeLists:
    """The shop's own lists ("sequences"): statuses, deliveries, payments."""

    statuses: tuple[RemoteStatus, ...] = ()
    deliveries: tuple[RemoteStatus, ...] = ()
    payments: tuple[RemoteStatus, ...] = ()


@dataclass(frozen=True)
class ConnectionReport:
    """The answer of a connection test, in sentences for staff."""

    ok: bool
    summary: str
    shop_name: str = ""
    version: str = ""
    clock: datetime | None = None
    """The shop's own clock (its Date header), UTC."""
    hints: tuple[str, ...] = ()
    failure: Failure | None = None
    """Who must act, when it is not ok."""


Cursor = dict[str, Any]
"""Where a listing goes on: JSON values only, made and read by the connector alone."""


@dataclass(frozen=True)
class Window:
    """Orders created or modified in `since <= stamp <= until`, on the shop's stamps. `until` None: up to its now."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class OrderPage:
    payloads: tuple[bytes, ...]
    """One JSON document (UTF-8) an order, exactly as the shop sent it."""
    next: Cursor | None
    """None: the listing is complete."""
    total: int | None = None
    """How many orders the whole listing has, when the shop says so."""
    until: datetime | None = None
    """The window's end on the shop's clock, fixed by the first page; what the next sweep starts from."""
    broken: tuple[str, ...] = ()
    """Orders in this page that the shop cannot give, by id."""
    note: str = ""
    """What staff should know of the listing: kept with its run until it ends."""
    wait: float = 0
    """Seconds until the shop may have got the next page ready; 0: it may be asked for at once."""
    waits_for: str = ""
    """With `wait`: a sentence."""
    in_shop: bool = False
    """Whether the shop is at work for this listing, which `Connector.abandon` would end."""


@dataclass(frozen=True)
class RemoteProduct:
    external_id: str
    sku: str
    name: str
    stock_managed: bool
    quantity: int | None


@dataclass(frozen=True)
class ProductPage:
    products: tuple[RemoteProduct, ...]
    next: Cursor | None
    total: int | None = None


@dataclass(frozen=True)
class Identity:
    """What can be said of a payload that cannot be read as an order; parts may be empty."""

    external_id: str
    number: str = ""
    status: str = ""
    modified_at: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """A webhook as it came in: the raw body, header names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    """The public address it was sent to; some signatures cover it."""
    key: str = ""
    """The public key (PEM) that `signing_key` named, as the platform gave it; "" where there is none."""
    registered_as: str = ""
    """The platform's id of the webhook, from its registration; PayPal's signatures cover it."""


@dataclass(frozen=True)
class SigningKey:
    """A public key of the platform, by the name that a delivery gives it."""

    name: str
    certified_for: tuple[str, ...] = ()
    """Where the key comes in a certificate: the host names of which it must be one's."""


@dataclass(frozen=True)
class Erasure:
    """A person asked the platform to be forgotten, and it tells everybody who may know them."""

    external_id: str
    """The platform's id of the request."""
    person: str
    """What the platform calls the person."""


@dataclass(frozen=True)
class Hint:
    """What a verified webhook says: which orders to read again. Its content is never believed."""

    external_ids: tuple[str, ...] = ()
    topic: str = ""
    erasure: Erasure | None = None


@dataclass(frozen=True)
class RemoteWebhook:
    """A webhook as it is registered at the platform."""

    external_id: str
    topic: str
    address: str
    active: bool


class Connector(ABC):
    """One platform. Stateless; registered in `integrations.connectors`."""

    key: ClassVar[str]
    label: ClassVar[str]
    credential_fields: ClassVar[tuple[CredentialField, ...]]
    capabilities: ClassVar[Capabilities]
    default_rules: ClassVar[tuple[DefaultRule, ...]]
    default_base_url: ClassVar[str] = ""
    """The platform's API root where all shops share one; "" where every shop has its own address."""
    webhooks_note: ClassVar[str] = ""
    """What staff should know of this platform's webhooks."""

    @abstractmethod
    def check(self, shop: Shop) -> Operation[ConnectionReport]:
        """Test address and credentials; a refusal is a report with ok=False and the way out, not an exception."""

    @abstractmethod
    def code_lists(self, shop: Shop) -> Operation[CodeLists]: ...

    @abstractmethod
    def products(self, shop: Shop, cursor: Cursor | None) -> Operation[ProductPage]: ...

    @abstractmethod
    def orders_in_window(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        """One page of the orders of a window. No order that stays in it is left out, whatever moves meanwhile."""

    def past_a_fault(self, shop: Shop, window: Window, cursor: Cursor | None) -> Operation[OrderPage]:
        """The page behind an order that makes the shop fail, where even the smallest page at `cursor` does.

        Names the order, and raises ShopError where it is the shop that fails, whatever it is asked for.
        """
        raise NotImplementedError(f"{self.label}'s pages are not made smaller")

    def abandon(self, shop: Shop, cursor: Cursor) -> Operation[None]:
        """End what the shop does for a listing that is cancelled, where a page said `in_shop`."""
        yield from ()

    @abstractmethod
    def orders_by_ids(self, shop: Shop, ids: tuple[str, ...]) -> Operation[OrderPage]:
        """The orders with these ids (at most `capabilities.orders_by_ids`); missing ones are just not there."""

    @abstractmethod
    def order_by_number(self, shop: Shop, number: str) -> Operation[OrderPage]:
        """The order with this human number, or an empty page. Only exact matches."""

    @abstractmethod
    def parse(self, payload: bytes, shop: Shop) -> IncomingOrder:
        """Raises PayloadError."""

    @abstractmethod
    def identify(self, payload: bytes, shop: Shop) -> Identity:
        """Never raises; for payloads that `parse` refuses."""

    def pause_after(self, response: Response) -> float:
        """Seconds that nobody should ask for after this answer, by the platform's own count of what is left."""
        return 0

    # --- webhooks, where `capabilities.signed_webhooks` ---

    def verify_webhook(self, shop: Shop, secret: str, delivery: Delivery, now: datetime) -> bool:
        """Whether the raw body is signed by the platform; constant time, False for anything odd, never raises."""
        return False

    def signing_key(self, shop: Shop, delivery: Delivery) -> SigningKey | None:
        """The key a delivery claims to be signed with; None where the secret suffices, or it names no possible one."""
        return None

    def fetch_signing_key(self, shop: Shop, name: str) -> Operation[str]:
        """The key, or the certificates, by that name, as PEM. ShopError NOT_FOUND where the platform has none."""
        yield from ()
        raise ShopError(Failure.NOT_FOUND, "This platform has no keys to ask for.")

    def answer_challenge(self, secret: str, address: str, code: str) -> Mapping[str, str] | None:
        """The JSON that proves to the platform that `address` is ours; None where it asks for none."""
        return None

    def is_ping(self, delivery: Delivery) -> bool:
        """Whether this is the platform's unsigned greeting, which is answered with 200 and otherwise ignored."""
        return False

    def read_webhook(self, delivery: Delivery) -> Hint:
        """What a verified delivery is about; an empty hint for pings and foreign topics. Never raises."""
        return Hint()

    def is_same_order(self, hinted: str, external_id: str) -> bool:
        """Whether an order that was read again is the one a hint named, where hints do not know the whole id."""
        return hinted == external_id

    def webhooks(self, shop: Shop) -> Operation[tuple[RemoteWebhook, ...]]:
        """What is registered, ours and others'."""
        yield from ()
        return ()

    def register_webhooks(self, shop: Shop, address: str, secret: str) -> Operation[tuple[RemoteWebhook, ...]]:
        """Register what is missing for order events at `address`; those that are there stay."""
        yield from ()
        return ()
