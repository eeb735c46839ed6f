"""Fonts for every European language, and what stands in for characters they lack.

DejaVu Sans Condensed (in `fonts/`, free licence beside it) has Latin with all its extensions, Greek, Cyrillic, Hebrew
and Arabic letters; it is embedded, so that paper looks the same everywhere. Chinese, Japanese and Korean are written in
the standard fonts of PDF (ISO 32000-1, 9.7.5.2: predefined CMaps), which the reader's program brings. What neither has
is named instead, as “[Thai]” or “[teapot]”; the first layout shows � for each such character. Thai, Devanagari, Bengali
or Tamil need letters and shaping that we do not have.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont

from orders.documents.paper.writing import visual

PLAIN, BOLD = "Paper", "Paper-Bold"
FILES = Path(__file__).parent / "fonts"
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
REPLACEMENT = "\ufffd"
# Characters of a symbol's name.
LONGEST_NAME = 30
# What only changes the emoji before it: tones of skin.
JOINED_UNSEEN = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
# Categories of characters that show nothing: controls, joiners, direction marks, variation selectors' like.
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})


@cache
def glyphs() -> frozenset[int]:
    """Register the fonts; the code points that the embedded ones have."""
    plain = TTFont(PLAIN, str(FILES / "DejaVuSansCondensed.ttf"))
    registerFont(plain)
    registerFont(TTFont(BOLD, str(FILES / "DejaVuSansCondensed-Bold.ttf")))
    registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    for name in (CHINESE, JAPANESE, KOREAN):
        registerFont(UnicodeCIDFont(name))
    return frozenset(plain.face.charToGlyph)


def markup(text: str, *, marks: bool = True) -> str:
    """A text as a paragraph's markup: escaped, in visual order, each piece in a font that has it.

    What no font has is named when `marks` is set, else shown as �.
    """
    known = glyphs()
    pieces = []
    for font, run in groupby(visual(_seen(text)), key=lambda char: _font(char, known)):
        piece = "".join(run)
        if font is None:
            pieces.append(escape(_named(piece)) if marks else REPLACEMENT)
        elif font:
            pieces.append(f'<font name="{font}">{escape(piece)}</font>')
        else:
            pieces.append(escape(piece))
    return "".join(pieces)


def unprintable(text: str) -> str:
    """The characters that no font of ours has, each once."""
    known = glyphs()
    return "".join(dict.fromkeys(char for char in _seen(text) if _font(char, known) is None))


def script_of(char: str) -> str:
    """“Thai”, “Devanagari”: of a letter or its mark, by its name in Unicode; "" for symbols."""
    if unicodedata.category(char)[0] not in "LMN":
        return ""
    return unicodedata.name(char, "").partition(" ")[0].capitalize()


def _named(piece: str) -> str:
    """Runs of one script by the script's name, symbols such as emoji by their own."""
    named = [
        script or (unicodedata.name(char, "symbol").lower() if not char.isspace() else "")
        for char, script in ((char, script_of(char)) for char in piece)
        if char not in JOINED_UNSEEN
    ]
    return " ".join(f"[{name[:LONGEST_NAME]}]" for name, _ in groupby(named) if name)


def _seen(text: str) -> str:
    """On one line, composed, without what shows nothing."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        char for char in composed if unicodedata.category(char) not in UNSEEN and not "\ufe00" <= char <= "\ufe0f"
    )


def _font(char: str, known: frozenset[int]) -> str | None:
    """ "" for the embedded font, a standard font's name, or None where no font has the character."""
    code = ord(char)
    if code in known:
        return ""
    if 0x3040 <= code <= 0x30FF or 0xFF66 <= code <= 0xFF9F:
        return JAPANESE
    if 0xAC00 <= code <= 0xD7A3 or 0x3130 <= code <= 0x318F:
        return KOREAN
    if 0x3400 <= code <= 0x9FFF or 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFFEF:
        return CHINESE
    return None
