"""A QR code as a picture that a page can carry in itself."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget

# White around it, in modules: readers need four (ISO/IEC 18004).
QUIET_ZONE = 4


def qr_code(text: str) -> str:
    """The address of an SVG, for `src` of an image: data of this very page."""
    code: Any = QrCodeWidget(text, barLevel="M").qr  # type: ignore[attr-defined]
    code.make()
    dark = "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h1v1h-1z"
        for row, modules in enumerate(code.modules)
        for column, module in enumerate(modules)
        if module
    )
    size = code.getModuleCount() + 2 * QUIET_ZONE
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{dark}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{b64encode(picture.encode()).decode()}"
