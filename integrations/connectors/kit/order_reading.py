"""Reading an order of a shop: what is right is taken exactly, what is odd gets a note, the rest refuses.

    reading = OrderReading(payload)
    raw = reading.document(_ORDER)
    reading.in_currency(shop, raw.currency, path="$.currency")
    total = reading.total(raw.total, "$.total")
    order = IncomingOrder(
        currency=reading.currency,
        total=total,
        lines=reading.lines(raw.line_items, lambda line: _line(line, reading), "$.line_items"),
        billing=reading.address(raw.billing, "the billing address"),
        warnings=reading.warnings(),
        ...
    )
    return reading.checked(order)

A platform whose amounts need more than a field derives from `OrderReading`. Refusals are `PayloadError`s.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from integrations.connectors.contract import Shop
from integrations.connectors.errors import PayloadError
from integrations.connectors.kit import values
from integrations.connectors.kit.json_documents import MAX_ORDER_SIZE, whole
from integrations.connectors.kit.values import Number
from orders.intake.incoming import ZERO, IncomingAddress, IncomingLine, IncomingOrder

T = TypeVar("T")
U = TypeVar("U")

MAX_LINES = 1000
LONGEST_NOTE = 10_000
# Shopify keeps addresses of 255 characters: the number of a house may be the last of them.
LONGEST_LINE = 255


class AddressFields(msgspec.Struct):
    """An address as a shop writes it. A platform derives from it and says which fields it calls otherwise."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    line_1: str | None = None
    line_2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | int | None = None
    # A code or an English name.
    country: str | None = None
    phone: str | int | None = None
    email: str | None = None


@dataclass(frozen=True)
class Wording:
    """What the platform's orders are called in sentences for staff."""

    order: str = "order"
    line: str = "line"
    total: str = "total"


class OrderReading:
    """One order while it is read: its document, its currency, and the notes that become its warnings."""

    wording = Wording()

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.notes: list[str] = []
        # ISO 4217, and its decimals; see `in_currency`.
        self.currency = ""
        self.digits = 2

    def document(self, decoder: msgspec.json.Decoder[T]) -> T:
        """The payload in its raw shape. Refuses with too_large, wrong_type, not_json, too_deep."""
        payload = self.payload
        if len(payload) > MAX_ORDER_SIZE:
            raise PayloadError(
                "too_large", f"The order has {len(payload):,} bytes; at most {MAX_ORDER_SIZE:,} are read."
            )
        document = whole(payload)
        if document is not payload and document != payload:
            self.notes.append("Unreadable characters (NUL or half of a pair) were replaced.")
        try:
            return decoder.decode(document)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `")
            path = path.rstrip("`") or "$"
            raise PayloadError(
                "wrong_type", f"The order's field {path} is not as documented: {reason}.", path
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise PayloadError("not_json", "The order is not valid JSON.") from None
        except RecursionError:
            raise PayloadError("too_deep", "The order is nested too deeply.") from None

    def in_currency(self, shop: Shop, *codes: str | None, path: str) -> None:
        """Take the first code that is there, else the shop's own with a note. Refuses with unknown_currency."""
        for code in codes:
            if code and code.strip():
                self.currency, self.digits = values.currency(code)
                return
        default = str(shop.settings.get("currency") or "")
        if not default:
            raise PayloadError("unknown_currency", f"The {self.wording.order} has no currency.", path)
        self.notes.append(f"The {self.wording.order} has no currency; the shop's own, {default}, was taken.")
        self.currency, self.digits = values.currency(default)

    # --- amounts ---

    def amount(self, value: Number, field: str) -> Decimal:
        """Money at the currency's decimals; nothing or "" is zero. Other decimals are rounded with one note.

        Plain notation only ("12.50"): a comma, a space, an exponent or foreign digits refuse (`bad_amount`), as do
        more than ten digits before the point.
        """
        if value is None or value == "":
            return ZERO
        try:
            result, rounded = values.exact(value, self.digits)
        except ValueError:
            raise values.bad_amount(value, field) from None
        if rounded and not any(note.startswith(values.ROUNDED) for note in self.notes):
            self.notes.append(f"{values.ROUNDED} ({field}: {value} to {result}).")
        return result

    def sum(self, amounts: Sequence[Number], field: str) -> Decimal:
        return sum([self.amount(value, field) for value in amounts], ZERO) if amounts else ZERO

    def total(self, value: Number, path: str) -> Decimal:
        """What is owed. Refuses with no_total and negative_total; `path` ends with the field's name."""
        named = self.wording
        if value is None or value == "":
            raise PayloadError("no_total", f"The {named.order} has no {named.total}.", path)
        total = self.amount(value, path[path.rfind(".") + 1 :])
        if total < 0:
            raise PayloadError("negative_total", f"The {named.order}'s {named.total} is negative ({total}).", path)
        return total

    # --- lines ---

    def each(self, raws: Sequence[T] | None, read: Callable[[T], U], path: str, place: str = "") -> Iterator[U]:
        """What `read` makes of one line after the other.

        What it refuses is told with the line's place, as `{path}{place}[0].{field}`. More than MAX_LINES refuse with
        too_many_lines at `path`.
        """
        raws, named = raws or (), self.wording
        if len(raws) > MAX_LINES:
            message = f"The {named.order} has {len(raws)} {named.line}s; at most {MAX_LINES} are read."
            raise PayloadError("too_many_lines", message, path)
        for position, raw in enumerate(raws):
            try:
                yield read(raw)
            except PayloadError as error:
                message = f"{named.line.capitalize()} {position + 1}: {error.message}"
                raise PayloadError(error.code, message, f"{path}{place}[{position}].{error.path}") from None

    def lines(
        self, raws: Sequence[T] | None, read: Callable[[T], IncomingLine | None], path: str, place: str = ""
    ) -> tuple[IncomingLine, ...]:
        """Every line that `read` makes goods of; its None leaves one out, the quantity 0 does so with a note.

        Refuses as `each` does.
        """
        lines = []
        for position, line in enumerate(self.each(raws, read, path, place)):
            if line is None:
                continue
            if line.quantity:
                lines.append(line)
            else:
                which = f"{self.wording.line.capitalize()} {position + 1} ({line.name[:80]})"
                self.notes.append(f"{which} has the quantity 0 and was left out.")
        return tuple(lines)

    # --- texts ---

    def text(self, value: str | None, limit: int, what: str) -> str:
        """Trimmed; cut at `limit` characters with a note that calls it `what` ("A city")."""
        if not value:
            return ""
        value = value.strip()
        if len(value) > limit:
            self.notes.append(f"{what} was longer than {limit} characters and was cut.")
            return value[: limit - 1] + "…"
        return value

    def name(self, value: str | None, limit: int, what: str) -> str:
        """A text as people read it: HTML entities, which shops leave in names, are written out."""
        if not value:
            return ""
        return self.text(html.unescape(value) if "&" in value else value, limit, what)

    def number(self, value: str | int) -> str:
        return self.text(str(value), 100, "The order number")

    def product(self, value: str | None) -> str:
        return self.name(value, 300, "A product's name")

    def payment_code(self, value: str | None) -> str:
        return self.text(value, 100, "The payment code")

    def payment_title(self, value: str | None) -> str:
        return self.name(value, 200, "The payment title")

    def shipping_code(self, value: str | None) -> str:
        return self.text(value, 100, "The delivery code")

    def shipping_title(self, *titles: str | None) -> str:
        """One title for all ways the order is sent: "Post + Pick-up"."""
        named = [title for each in titles if (title := self.name(each, 200, "The delivery title"))]
        return named[0] if len(named) == 1 else self.text(" + ".join(named), 200, "The delivery title")

    def fee_title(self, *fees: tuple[Any, Any]) -> str:
        """One title for the fees, (name, amount) each: "Gift wrapping + Tip". Those of nothing have no part in it."""
        named = [name for name, amount in fees if isinstance(name, str) and str(amount or "").strip("-0.")]
        titles = dict.fromkeys(title for name in named if (title := self.name(name, 200, "A fee's name")))
        return " + ".join(titles)[:200]

    def buyers_note(self, value: str | None) -> str:
        return self.text(value, LONGEST_NOTE, "The buyer's note")

    def email(self, value: str | None, what: str) -> str:
        """A plain address, or "" with a note."""
        value = (value or "").strip()
        if value and (len(value) > 254 or values.EMAIL.fullmatch(value) is None):
            self.notes.append(f"{what} is not a valid address and was left out.")
            return ""
        return value

    def metadata(self, pairs: Iterable[tuple[str, Any]], empty: tuple[Any, ...] = (None, "")) -> dict[str, Any]:
        """Extras by their names; those without a name or with an `empty` value are left out. See `values.metadata`."""
        kept = [(name, value) for name, value in pairs if name and value not in empty]
        return values.metadata(kept, self.notes) if kept else {}

    # --- addresses ---

    def address(
        self, raw: AddressFields | list[Any] | str | None, what: str, email: str | None = None
    ) -> IncomingAddress:
        """`what` is how notes call it: "the billing address". `email` stands for the address's own.

        What is no address leaves it empty, with a note where it is something: PHP writes an empty object as `[]`.
        """
        if not isinstance(raw, AddressFields):
            if raw:
                self.notes.append(f"What stands for {what} is no address and was left out.")
            return IncomingAddress(email=email or "")
        name = self.name
        email = raw.email if email is None else email
        return IncomingAddress(
            first_name=name(raw.first_name, 100, "A first name"),
            last_name=name(raw.last_name, 100, "A last name"),
            company=name(raw.company, 200, "A company name"),
            line_1=name(raw.line_1, LONGEST_LINE, "An address line"),
            line_2=name(raw.line_2, LONGEST_LINE, "An address line"),
            city=name(raw.city, 100, "A city"),
            state=name(raw.state, 100, "A state"),
            postal_code=self.text(str(raw.postal_code), 20, "A postal code") if raw.postal_code else "",
            country=values.country(raw.country, what, self.notes) if raw.country else "",
            phone=self.text(str(raw.phone), 40, "A phone number") if raw.phone else "",
            email=self.email(email, f"The e-mail of {what}") if email else "",
        )

    # --- the end ---

    def optional(self, read: Callable[..., T], *given: Any) -> T | None:
        """What `read` makes of `given`; None with a note where it refuses."""
        try:
            return read(*given)
        except PayloadError as error:
            self.notes.append(f"{error.message} It was left out.")
            return None

    def warnings(self) -> tuple[str, ...]:
        return tuple(self.notes)

    def checked(
        self, order: IncomingOrder, named: Callable[[], Iterable[tuple[str, Decimal]]] = tuple
    ) -> IncomingOrder:
        """The order. Where its sum is off, its document is searched for a key that swaps an amount.

        `named`: what the shop tells of that: ("Gift card", -10). See `titled`; asked for only where it is needed.
        """
        if not order.residual:
            return order
        _refuse_repeated_keys(self.payload)
        return self.titled(order, *named())

    def titled(self, order: IncomingOrder, *named: tuple[str, Decimal]) -> IncomingOrder:
        """The order, what its total holds beyond its parts called by those of `named` that come closest to it.

        Shops leave open which of them the total holds. What rounding may be has no name, and "other" is what is left.
        """
        least = Decimal(len(order.lines) + 2).scaleb(-self.digits)
        parts = [(name, amount) for name, amount in named if amount]
        if abs(order.residual) <= least or not parts:
            return order
        choices = [each for count in range(len(parts), 0, -1) for each in combinations(parts, count)]
        rest, _, chosen = min(
            (abs(order.residual - sum((amount for _, amount in each), ZERO)), place, each)
            for place, each in enumerate(choices)
        )
        if rest >= abs(order.residual):
            return order
        names = dict.fromkeys([*(name for name, _ in chosen), *(["other"] if rest > least else [])])
        return structs.replace(order, residual_title=" + ".join(names)[:200])


def _refuse_repeated_keys(payload: bytes) -> None:
    """The last of two equal JSON keys wins silently, which could swap an amount. Searched where the sum is off."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(result := dict(pairs)) != len(pairs):
            raise PayloadError("duplicate_key", "The order holds a field twice, so its amounts cannot be trusted.")
        return result

    # Numbers stay text: Python refuses to read more than 4300 digits, which an unread field may well hold.
    json.loads(payload, object_pairs_hook=once, parse_int=str)
