"""Read a PDF back as text."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader


def pages_of(data: bytes) -> list[str]:
    """The text of each page, spaces and line ends made one space."""
    assert data.startswith(b"%PDF-")
    return [" ".join(page.extract_text().replace("\xa0", " ").split()) for page in PdfReader(BytesIO(data)).pages]
