"""What a shop tells beside its orders: its codes, its products, and whether it can be connected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.connectors.contract import ConnectionReport, Shop
from integrations.connectors.errors import PayloadError, ShopError
from integrations.connectors.kit import values
from integrations.connectors.listings import RemoteProduct, RemoteStatus

HEX = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}", re.ASCII)


def code_list(labels: Mapping[str, str], colors: Mapping[str, Any] | None = None) -> tuple[RemoteStatus, ...]:
    """Codes (at most 100 characters) with what the shop calls them; a code without a label is its own, "" is none.

    `colors`: what the shop has for some of the codes, in any shape.
    """
    return tuple(
        RemoteStatus(code[:100], label or code, color((colors or {}).get(code)))
        for code, label in labels.items()
        if code
    )


def color(value: Any) -> str:
    """#rrggbb in small letters, from that or #rgb; "" for anything else."""
    if not isinstance(value, str) or HEX.fullmatch(value.strip()) is None:
        return ""
    digits = value.strip().lower().removeprefix("#")
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def failed(error: ShopError, hints: tuple[str, ...] = ()) -> ConnectionReport:
    """The report of a connection test that ended with `error`."""
    return ConnectionReport(False, str(error), hints=hints, failure=error.kind)


def zone_hints(shop: Shop, zone: str) -> list[str]:
    """What to say where the shop's own time zone (an IANA name, or "" where it does not tell) is another than ours."""
    return (
        [f"The shop's own time zone is {zone}, here {shop.zone.key} is set."] if zone not in ("", shop.zone.key) else []
    )


def product_name(name: str | None, options: Iterable[Any] = ()) -> str:
    """A product's name, and where options were chosen what makes the variation: "Shirt - Blue, L"."""
    chosen = ", ".join(str(option) for option in options if option)
    plain = values.label(name, 300)
    return values.label(f"{plain} - {chosen}", 300) if chosen else plain


def remote_product(
    key: Any, sku: Any, name: str, *, managed: bool, quantity: Any, eans: Iterable[Any] = ()
) -> RemoteProduct | None:
    """`quantity` counts where the shop keeps stock of the product and it is a number; of `eans` the first that is one.

    None without an id: the product is left out, a later import will find it mended.
    """
    try:
        external_id = values.identifier(key)
    except PayloadError:
        return None
    counted = managed and isinstance(quantity, int | float) and not isinstance(quantity, bool)
    return RemoteProduct(
        external_id=external_id,
        sku=str(sku or "").strip()[:100],
        name=name,
        stock_managed=managed,
        quantity=int(quantity) if counted else None,
        ean=values.ean(*eans),
    )
