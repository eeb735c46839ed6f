"""Set sheets as pages of a PDF: A4, head, table over as many pages as it takes, foot with page numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame, LongTable, Paragraph, Table

from orders.documents.paper.bars import barcode
from orders.documents.paper.fonts import BOLD, PLAIN, markup
from orders.documents.paper.sheets import Sheet

WIDTH, HEIGHT = A4
LEFT = RIGHT = 18 * mm
TOP = 16 * mm
# Height kept free at the bottom for the foot.
FOOT = 36 * mm
INNER = WIDTH - LEFT - RIGHT
GAP = 7 * mm
INK, QUIET, LINE, SHADE = HexColor("#1b242c"), HexColor("#5b6873"), HexColor("#c9d1d9"), HexColor("#f2f5f7")
# Characters of one text; what is longer is cut, so that no single row outgrows a page.
LONGEST_TEXT = 600
# Characters of one line of the head, for the same reason; of a recipient as many as an address line may have.
LONGEST_LINE = 120
LONGEST_ADDRESS_LINE = 255

# Whether the sheet that is set names the characters it cannot print, see `Sheet.marks`.
_marks: ContextVar[bool] = ContextVar("marks", default=False)

# Pieces measure themselves against some canvas; nothing is drawn on this one.
MEASURE = Canvas(BytesIO())


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    values: dict[str, Any] = {"fontName": PLAIN, "fontSize": size, "leading": size * 1.32, "textColor": INK}
    return ParagraphStyle(name, **(values | more))


BODY = _style("body", 8.5)
NUMBER = _style("number", 8.5, alignment=TA_RIGHT)
HEAD = _style("head", 7.5, textColor=QUIET)
HEAD_NUMBER = _style("head number", 7.5, textColor=QUIET, alignment=TA_RIGHT)
SMALL = _style("small", 7.2, textColor=QUIET)
CENTRED = _style("centred", 7.2, textColor=QUIET, alignment=TA_CENTER)
TITLE = _style("title", 19, fontName=BOLD, alignment=TA_RIGHT)
COMPANY = _style("company", 11.5, fontName=BOLD)
STRONG = _style("strong", 8.5, fontName=BOLD)
GRAND = _style("grand", 11, fontName=BOLD)
GRAND_NUMBER = _style("grand number", 11, fontName=BOLD, alignment=TA_RIGHT)
SMALL_NUMBER = _style("small number", 7.2, textColor=QUIET, alignment=TA_RIGHT)


@dataclass(frozen=True)
class Placed:
    """A piece of a page: its lower left corner."""

    piece: Flowable
    x: float
    y: float


def render(sheets: Sequence[Sheet]) -> bytes:
    """One PDF of all these documents, each with page numbers of its own. Raises ValueError when there are none."""
    if not sheets:
        raise ValueError("There is nothing to print.")
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=1)
    stamp = f"D:{max(sheet.written_at for sheet in sheets).astimezone(UTC):%Y%m%d%H%M%SZ}"
    canvas.setDateFormatter(lambda *_clock: stamp)
    canvas.setTitle(", ".join(sheet.code for sheet in sheets[:5]) + (" …" if len(sheets) > 5 else ""))
    canvas.setAuthor(sheets[0].company)
    canvas.setSubject(sheets[0].title)
    canvas.setCreator("Countinghouse")
    for sheet in sheets:
        naming = _marks.set(sheet.marks)
        try:
            _set(canvas, sheet)
        finally:
            _marks.reset(naming)
    canvas.save()
    return file.getvalue()


def _set(canvas: Canvas, sheet: Sheet) -> None:
    pages = list(_pages(sheet))
    for number, placed in enumerate(pages, 1):
        _foot(canvas, sheet, number, len(pages))
        for each in placed:
            each.piece.drawOn(canvas, each.x, each.y)
        canvas.showPage()


def _pages(sheet: Sheet) -> Iterator[list[Placed]]:
    """What stands where, page by page; what does not fit is split, or goes to the next page."""
    placed, y = _head(sheet)
    waiting: list[Flowable] = [_table(sheet), *_closing(sheet)]
    fresh = False  # whether nothing of the flow stands on the page yet, so that a piece has all the room there is
    while waiting:
        piece = waiting.pop(0)
        _width, height = piece.wrapOn(MEASURE, INNER, y - FOOT)
        if height <= y - FOOT:
            y -= height
            placed.append(Placed(piece, LEFT, y))
            y -= 4 * mm
            fresh = False
            continue
        parts = piece.splitOn(MEASURE, INNER, y - FOOT) if isinstance(piece, LongTable) else []
        if len(parts) > 1:
            waiting[:0] = parts
            continue
        if fresh:
            raise ValueError("a piece of the document is higher than a page")
        yield placed
        placed, y = _later_head(sheet)
        waiting.insert(0, piece)
        fresh = True
    yield placed


def _head(sheet: Sheet) -> tuple[list[Placed], float]:
    """Company and logo left, title right; below the recipient left, the facts right."""
    placed: list[Placed] = []
    half = INNER * 0.52
    top = HEIGHT - TOP
    y = top
    if sheet.logo:
        logo = _Logo(sheet.logo)
        y -= logo.height + 3 * mm
        placed.append(Placed(logo, LEFT, y + 3 * mm))
    for piece in [_text(sheet.company, COMPANY), *(_text(line, SMALL) for line in sheet.company_lines)]:
        y = _put(placed, piece, LEFT, y, half)
    right = _put(placed, _text(sheet.title, TITLE), LEFT + half, top, INNER - half)
    y = min(y, right) - GAP
    left = _put(placed, _text(sheet.recipient_label, HEAD), LEFT, y, half) - 1 * mm
    longest = LONGEST_ADDRESS_LINE if sheet.marks else LONGEST_LINE  # the first layout stays as it was
    for place, line in enumerate(sheet.recipient):
        left = _put(placed, _text(line[:longest], STRONG if place == 0 else BODY), LEFT, left, half)
    facts = Table(
        [
            [_text(label, HEAD), _text(text[:LONGEST_LINE], STRONG if place == 0 else BODY)]
            for place, (label, text) in _n(sheet.facts)
        ],
        colWidths=[26 * mm, INNER - half - 26 * mm],
        style=[
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            *_tight(1.2),
        ],
    )
    right = _put(placed, facts, LEFT + half, y, INNER - half)
    if bars := barcode(sheet.barcode, INNER - half):
        right = _put(placed, bars, LEFT + half, right - 2 * mm, INNER - half)
    return placed, min(left, right) - GAP


def _later_head(sheet: Sheet) -> tuple[list[Placed], float]:
    placed: list[Placed] = []
    y = _put(placed, _text(f"{sheet.title} {sheet.code}", STRONG), LEFT, HEIGHT - TOP, INNER * 0.5)
    _put(placed, _text(sheet.company, SMALL_NUMBER), LEFT + INNER / 2, HEIGHT - TOP, INNER / 2)
    return placed, y - 4 * mm


def _table(sheet: Sheet) -> Flowable:
    """The rows under heads that come again on every page."""
    taken = sum(column.share for column in sheet.columns)
    widths = [INNER * (column.share or 1 - taken) for column in sheet.columns]
    styles = [NUMBER if column.is_number else BODY for column in sheet.columns]
    heads = [_text(column.title, HEAD_NUMBER if column.is_number else HEAD) for column in sheet.columns]
    rows = [[_text(text, style) for text, style in zip(row, styles, strict=True)] for row in sheet.rows]
    return LongTable(
        [heads, *rows],
        colWidths=widths,
        repeatRows=1,
        style=[
            ("BACKGROUND", (0, 0), (-1, 0), SHADE),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            *_tight(3.2),
        ],
    )


def _closing(sheet: Sheet) -> Iterator[Flowable]:
    if sheet.totals:
        yield _totals(sheet)
    if sheet.rates:
        yield _rates(sheet)
    if sheet.remark:
        yield _text(sheet.remark, BODY)
    for label, text in sheet.remarks:
        yield _text(label, HEAD)
        yield _text(text, BODY)


def _totals(sheet: Sheet) -> Flowable:
    """At the right, kept on one page; the last row is the one people look for."""
    last = len(sheet.totals) - 1
    rows = [
        ["", _text(label, GRAND if place == last else BODY), _text(text, GRAND_NUMBER if place == last else NUMBER)]
        for place, (label, text) in _n(sheet.totals)
    ]
    return Table(
        rows,
        colWidths=[INNER - 82 * mm, 37 * mm, 45 * mm],
        style=[
            ("LINEABOVE", (1, last), (-1, last), 0.9, INK),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            *_tight(2.6),
        ],
    )


def _rates(sheet: Sheet) -> Flowable:
    """The taxes by rate, at the left of the page, kept together."""
    heads, *rows = sheet.rates
    return Table(
        [
            [_text(heads[0], HEAD), *(_text(text, HEAD_NUMBER) for text in heads[1:])],
            *([_text(row[0], BODY), *(_text(text, NUMBER) for text in row[1:])] for row in rows),
        ],
        colWidths=[36 * mm, 28 * mm, 28 * mm, 30 * mm],
        hAlign="LEFT",
        style=[
            ("LINEBELOW", (0, 0), (-1, 0), 0.4, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            *_tight(1.6),
        ],
    )


def _foot(canvas: Canvas, sheet: Sheet, number: int, count: int) -> None:
    """Tax numbers, bank account and the free text, then the page number."""
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.4)
    top = FOOT - 5 * mm
    canvas.line(LEFT, top, WIDTH - RIGHT, top)
    placed: list[Placed] = []
    columns = (sheet.tax_ids, sheet.bank_account, (sheet.footer,))
    for place, lines in enumerate(columns):
        width = INNER / 3 - 2 * mm
        column = KeepInFrame(width, top - 14 * mm, [_text(line, SMALL) for line in lines if line], mode="shrink")
        _put(placed, column, LEFT + place * INNER / 3, top - 1.5 * mm, width)
    page = sheet.page_label % {"page": number, "pages": count}
    _put(placed, _text(f"{sheet.code} · {page}", CENTRED), LEFT, 9 * mm, INNER)
    for each in placed:
        each.piece.drawOn(canvas, each.x, each.y)


def _put(placed: list[Placed], piece: Flowable, x: float, top: float, width: float) -> float:
    """Place a piece below `top`; where the next one may begin."""
    _width, height = piece.wrapOn(MEASURE, width, HEIGHT)
    placed.append(Placed(piece, x, top - height))
    return top - height


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(markup(text[:LONGEST_TEXT], marks=_marks.get()), style)


def _tight(points: float) -> list[tuple[Any, ...]]:
    return [("TOPPADDING", (0, 0), (-1, -1), points), ("BOTTOMPADDING", (0, 0), (-1, -1), points)]


def _n(rows: Sequence[tuple[str, str]]) -> Iterator[tuple[int, tuple[str, str]]]:
    return enumerate(rows)


@lru_cache(maxsize=8)
def _picture(data: bytes) -> ImageReader:
    """Read once for all documents of a file."""
    return ImageReader(BytesIO(data))


class _Logo(Flowable):
    """A picture in its own proportions within 60 × 22 mm."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.picture = _picture(data)
        width, height = self.picture.getSize()
        scale = min(60 * mm / width, 22 * mm / height)
        self.width, self.height = width * scale, height * scale

    def draw(self) -> None:
        self.canv.drawImage(self.picture, 0, 0, self.width, self.height)
