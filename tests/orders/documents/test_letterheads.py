"""Letterheads are versions; a logo is checked by its content."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from integrations.models import Project
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadChanged, LetterheadWording, LogoRefused, checked_logo
from tests.factories import ProjectFactory


def picture(kind: str, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new(mode, size).save(file, kind)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 100,000 pixels square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK")]
)
def test_a_logo_is_kept_as_a_plain_png_of_sane_size(kind: str, mode: str) -> None:
    kept = Image.open(BytesIO(checked_logo(picture(kind, (3000, 1000), mode))))
    assert (kept.format, kept.mode, kept.size) == ("PNG", "RGB", (900, 300))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no PNG or JPEG"),
        (b"<svg onload='x'/>", "no PNG or JPEG"),
        (picture("GIF"), "no PNG or JPEG"),
        (picture("PNG", (200, 200))[:-40], "damaged"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
        (bomb(), "16 million pixels"),
        (picture("PNG", (5000, 5000), "1"), "16 million pixels"),
    ],
)
def test_what_is_no_logo_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(LogoRefused, match=sentence):
        checked_logo(data)


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


def test_a_change_is_a_new_version_and_no_change_is_none(project: Project) -> None:
    first = letterheads.change(project.pk, LetterheadWording("Tea Ltd"), logo=b"1", seen=None, actor_id=None)
    assert first is not None
    assert letterheads.change(project.pk, LetterheadWording("Tea Ltd"), logo=b"1", seen=first.pk, actor_id=None) is None
    second = letterheads.change(project.pk, LetterheadWording("Tea Ltd"), logo=None, seen=first.pk, actor_id=None)
    assert letterheads.newest(project.pk) == second
    assert project.letterheads.count() == 2


def test_two_people_at_once_do_not_overwrite_each_other(project: Project) -> None:
    first = letterheads.change(project.pk, LetterheadWording("Tea Ltd"), logo=None, seen=None, actor_id=None)
    with pytest.raises(LetterheadChanged, match="Somebody has changed"):
        letterheads.change(project.pk, LetterheadWording("Coffee Ltd"), logo=None, seen=None, actor_id=None)
    assert letterheads.newest(project.pk) == first
