"""Bars per day as SVG, drawn on the server: no script, colours from style sheets, every number also in a table.

Words stand beside the drawing in HTML, since the drawing is stretched to the width of its card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Of the drawing's own units; a style sheet decides how large it is shown.
WIDTH, HEIGHT = 600, 100
GAP = 0.25
# Colours that the style sheet has, from 1 on.
COLOURS = 5
Value = Decimal | int


@dataclass(frozen=True)
class Series:
    """One value for each column."""

    name: str
    values: tuple[Value, ...]
    colour: int = 1
    """1 to COLOURS; the same thing has the same colour in all plots of a page."""

    @property
    def total(self) -> Value:
        return sum(self.values)


@dataclass(frozen=True)
class Plot:
    """Stacked bars: a bar for each column, a part of it for each series."""

    key: str
    """Sets its ids apart from those of other plots of the page."""
    title: str
    columns: tuple[str, ...]
    series: tuple[Series, ...]
    shown: Callable[[Value], str]
    """A value as people read it."""

    @property
    def top(self) -> Decimal:
        return ceiling(max(self._sums(), default=0))

    @property
    def top_shown(self) -> str:
        return self.shown(self.top)

    @property
    def total_shown(self) -> str:
        return self.shown(sum(self._sums()))

    @property
    def legend(self) -> list[tuple[int, str, str]]:
        """Colour, name and sum of each series."""
        return [(one.colour, one.name, self.shown(one.total)) for one in self.series]

    @property
    def rows(self) -> list[tuple[str, list[str], str]]:
        """The numbers as a table, the last column first: its name, a value of each series, their sum."""
        return [
            (column, [self.shown(one.values[place]) for one in self.series], self.shown(self._sums()[place]))
            for place, column in reversed(list(enumerate(self.columns)))
        ]

    @property
    def drawing(self) -> SafeString:
        bars = format_html_join(
            "",
            '<rect class="plot-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
            self._bars(),
        )
        return format_html(
            '<svg class="plot" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img"'
            ' aria-labelledby="{key}-title {key}-said">'
            '<title id="{key}-said">{said}</title>'
            '<path class="plot-grid" d="M0 0H{width}M0 {half}H{width}M0 {height}H{width}"/>{bars}</svg>',
            width=WIDTH,
            height=HEIGHT,
            half=HEIGHT // 2,
            key=self.key,
            said=self._said(),
            bars=bars,
        )

    def _sums(self) -> list[Value]:
        return [sum(one.values[place] for one in self.series) for place in range(len(self.columns))]

    def _said(self) -> str:
        """What the picture says, for who does not see it."""
        sums = self._sums()
        most = max(range(len(sums)), key=lambda place: sums[place])
        most_said = f"{self.columns[most]}: {self.shown(sums[most])}"
        return f"{self.columns[0]} – {self.columns[-1]}: {self.total_shown}. {most_said}"

    def _bars(self) -> Iterator[tuple[int, str, str, str, str, str]]:
        step, top = Decimal(WIDTH) / max(len(self.columns), 1), self.top
        for place, column in enumerate(self.columns):
            foot = Decimal(HEIGHT)
            for one in self.series:
                value = one.values[place]
                if value <= 0:
                    continue  # nothing, or more paid back than sold: the table has it
                height = HEIGHT * Decimal(value) / top
                foot -= height
                left = step * place + step * Decimal(GAP) / 2
                said = f"{column}, {one.name}: {self.shown(value)}"
                yield one.colour, f"{left:.1f}", f"{foot:.2f}", f"{step * Decimal(1 - GAP):.1f}", f"{height:.2f}", said


def ceiling(value: Value) -> Decimal:
    """The least round number that is not below: 1, 2, 4, 5, 6, 8 or 10 times a power of ten; 1 for nothing."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(10) ** Decimal(value).adjusted()
    return next(power * step for step in (1, 2, 4, 5, 6, 8, 10) if power * step >= value)
