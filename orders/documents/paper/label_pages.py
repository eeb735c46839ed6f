"""Address labels of 100 × 150 mm, a page each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame, Paragraph

from config.kit.postal import address_lines
from orders.documents.paper.bars import barcode
from orders.documents.paper.fonts import BOLD, PLAIN, markup
from orders.models import Shipment

WIDTH, HEIGHT = 100 * mm, 150 * mm
MARGIN = 6 * mm
INNER = WIDTH - 2 * MARGIN
# Heights: of the sender, of the recipient, and of what stands below the line.
SENDER, RECIPIENT, BELOW = 22 * mm, 62 * mm, 44 * mm
LONGEST_LINE = 255


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    values: dict[str, Any] = {"fontName": PLAIN, "fontSize": size, "leading": size * 1.25}
    return ParagraphStyle(name, **(values | more))


SMALL, TEXT = _style("small", 8), _style("text", 10)
NAME, ADDRESS = _style("name", 17, fontName=BOLD), _style("address", 15)


def label_pages(shipments: Sequence[Shipment]) -> bytes:
    """One PDF with a label for each shipment, in their order."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    stamp = f"D:{max(row.shipped_at for row in shipments).astimezone(UTC):%Y%m%d%H%M%SZ}"
    canvas.setDateFormatter(lambda *_clock: stamp)
    canvas.setTitle(", ".join(row.code for row in shipments[:5]) + (" …" if len(shipments) > 5 else ""))
    canvas.setCreator("Countinghouse")
    with override(settings.LANGUAGE_CODE):
        for row in shipments:
            _label(canvas, row)
            canvas.showPage()
    canvas.save()
    return file.getvalue()


def _label(canvas: Canvas, row: Shipment) -> None:
    head = row.letterhead
    sender = [head.company, *head.address.splitlines()]
    _put(canvas, [_text(line, SMALL) for line in [gettext("From"), *sender] if line.strip()], HEIGHT - MARGIN, SENDER)
    to = address_lines(row.address, settings.LANGUAGE_CODE) or [row.buyer]
    lines: list[Flowable] = [_text(gettext("To"), SMALL)]
    lines += [_text(line, ADDRESS if place else NAME) for place, line in enumerate(to)]
    _put(canvas, lines, HEIGHT - MARGIN - SENDER - 6 * mm, RECIPIENT)
    line = MARGIN + BELOW + 3 * mm
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, line, WIDTH - MARGIN, line)
    facts = [(gettext("Order"), row.order_number), (gettext("Shipment"), row.code)]
    facts += [(gettext("Carrier"), row.carrier), (gettext("Tracking number"), row.tracking_number)]
    _put(canvas, [_text(f"{label}: {text}", TEXT) for label, text in facts if text], MARGIN + BELOW, 24 * mm)
    if bars := barcode(row.order_number, INNER, high=13 * mm):
        # The number stands below its bars, for a scanner that does not read them.
        bars.drawOn(canvas, MARGIN, MARGIN + 4 * mm)
        _put(canvas, [_text(row.order_number, SMALL)], MARGIN + 4 * mm, 4 * mm)


def _put(canvas: Canvas, pieces: list[Flowable], top: float, high: float) -> None:
    """Set them below `top`, made smaller where they would be higher than `high`."""
    frame = KeepInFrame(INNER, high, pieces, mode="shrink")
    _width, taken = frame.wrapOn(canvas, INNER, high)
    frame.drawOn(canvas, MARGIN, top - taken)


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(markup(text[:LONGEST_LINE]), style)
