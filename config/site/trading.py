"""What the overview draws: orders and revenue per day and shop, today against a week ago, imports, and the stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from config.kit.admin.plots import COLOURS, Plot, Series, Value
from config.kit.money import money
from integrations.models import Integration, Project
from integrations.runs.daily_imports import DailyImports
from orders.daily_figures import DayFigures, Figures
from stock.worth import StockWorth

# Currencies that have a plot of revenue; most projects have one or two.
MOST_CURRENCIES = 3


@dataclass(frozen=True)
class SinceLastWeek:
    """A figure of today beside that of the same hours a week ago."""

    label: str
    today: str
    before: str
    tone: str
    """up, down or level."""
    change: str
    """“+12 %”; "" where there was nothing a week ago."""


def trading(project: Project, shops: Sequence[Integration], found: Figures) -> dict[str, Any]:
    """`plots`, `comparisons`, and `left_out`: the currencies for which there was no room. Nothing without orders."""
    if not found.placed:
        return {}
    names = {shop.pk: str(shop) for shop in shops}
    currencies = _currencies(project, found.placed)
    days = _columns(found.days)
    colours = _colours(found.placed)
    counts = _series(found, names, colours, lambda one: one.orders)
    plots = [Plot("orders", _("Orders per day"), days, counts, _count)]
    for currency in currencies[:MOST_CURRENCIES]:
        amounts = _series(found, names, colours, lambda one: one.total, currency)
        title = _("Revenue per day in %(currency)s") % {"currency": currency}
        plots.append(Plot(f"revenue-{currency}", title, days, amounts, _amounts_in(currency)))
    return {
        "as_of": found.at.astimezone(project.zone),
        "plots": plots,
        "comparisons": list(_comparisons(found, currencies[:MOST_CURRENCIES])),
        "left_out": ", ".join(currencies[MOST_CURRENCIES:]),
    }


def imports_plot(found: DailyImports) -> Plot | None:
    """None where nothing was imported."""
    if not found.any:
        return None
    named = (
        (_("From shops"), found.from_shops),
        (_("In bulk by API"), found.in_bulk),
        (_("Accepted by hand"), found.accepted),
    )
    series = tuple(Series(name, values, colour) for colour, (name, values) in enumerate(named, start=1) if any(values))
    return Plot("imports", _("Orders imported per day"), _columns(found.days), series, _count)


def stock_figures(currency: str, found: StockWorth) -> dict[str, Any] | None:
    """`on_hand`, `worth`, `unpriced`, `sold` and `sell_through`, for people; None where nothing lies or was sold."""
    if found.sell_through is None:
        return None
    return {
        "on_hand": _count(found.on_hand),
        "worth": _amounts_in(currency)(found.worth),
        "unpriced": found.unpriced,
        "sold": _count(found.sold),
        "sell_through": f"{found.sell_through * 100:.0f} %",
    }


def _columns(days: Sequence[date]) -> tuple[str, ...]:
    return tuple(date_format(day, "j M") for day in days)


def _currencies(project: Project, placed: Sequence[DayFigures]) -> list[str]:
    """The project's own first, then those with the most orders; amounts of two are never compared."""
    orders: dict[str, int] = {}
    for one in placed:
        orders[one.currency] = orders.get(one.currency, 0) + one.orders
    return sorted(orders, key=lambda currency: (currency != project.currency, -orders[currency], currency))


def _colours(placed: Sequence[DayFigures]) -> dict[int, int]:
    """By shop, the one with the most orders first; those for which there is none share the last."""
    orders: dict[int, int] = {}
    for one in placed:
        orders[one.integration_id] = orders.get(one.integration_id, 0) + one.orders
    ranked = sorted(orders, key=lambda pk: (-orders[pk], pk))
    return {pk: min(rank, COLOURS) for rank, pk in enumerate(ranked, start=1)}


def _series(
    found: Figures,
    names: Mapping[int, str],
    colours: Mapping[int, int],
    value: Callable[[DayFigures], Value],
    currency: str = "",
) -> tuple[Series, ...]:
    """One of each colour that has orders, in all currencies or in one."""
    places = {day: place for place, day in enumerate(found.days)}
    sums: dict[int, list[Value]] = {}
    for one in found.placed:
        if currency in ("", one.currency):
            sums.setdefault(colours[one.integration_id], [0] * len(places))[places[one.day]] += value(one)
    named: dict[int, str] = {}
    for pk, colour in colours.items():
        named[colour] = _("Other shops") if colour in named else names.get(pk, _("Without a shop"))
    return tuple(Series(named[colour], tuple(values), colour) for colour, values in sorted(sums.items()))


def _comparisons(found: Figures, currencies: Sequence[str]) -> list[SinceLastWeek]:
    def sums(value: Callable[[DayFigures], Value], currency: str = "") -> tuple[Value, Value]:
        of = [[value(one) for one in rows if currency in ("", one.currency)] for rows in (found.today, found.week_ago)]
        return sum(of[0]), sum(of[1])

    compared = [_compared(_("Orders today"), _count, *sums(lambda one: one.orders))]
    for currency in currencies:
        label = _("Revenue today in %(currency)s") % {"currency": currency}
        compared.append(_compared(label, _amounts_in(currency), *sums(lambda one: one.total, currency)))
    return compared


def _compared(label: str, shown: Callable[[Value], str], today: Value, before: Value) -> SinceLastWeek:
    tone = "up" if today > before else "down" if today < before else "level"
    change = f"{(today - before) * 100 / Decimal(before):+,.0f} %" if before > 0 else ""
    return SinceLastWeek(label, shown(today), shown(before), tone, change)


def _count(value: Value) -> str:
    return number_format(int(value), use_l10n=True, force_grouping=True)


def _amounts_in(currency: str) -> Callable[[Value], str]:
    """Whole amounts where they are large: the cents of a month's revenue tell nothing."""

    def shown(value: Value) -> str:
        amount = Decimal(value)
        digits = 0 if abs(amount) >= 1000 else get_currency_precision(currency)
        return money(round(amount, digits), currency).removesuffix(".00")

    return shown
