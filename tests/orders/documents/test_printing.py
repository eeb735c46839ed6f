"""Notes and files of an order: once, bounded, known by their content."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from integrations.models import Project
from orders.models import Order
from orders.work import attachments, notes
from orders.work.attachments import attach, kind_of, plain_name
from orders.work.changing import ChangeRefused
from tests.factories import ProjectFactory, line
from tests.orders.work.desk import order_of, told

PDF = b"%PDF-1.4 x"


@pytest.fixture
def order(db: None) -> Order:
    project: Project = ProjectFactory.create()
    return order_of(project, line("A-17"))


def test_a_note_is_written_once(order: Order) -> None:
    first = notes.add_note(order.pk, "Called the buyer", seen=0, author_id=None)
    with pytest.raises(ChangeRefused, match="maybe by your own click before"):
        notes.add_note(order.pk, "Called the buyer", seen=0, author_id=None)
    notes.add_note(order.pk, "Called again", seen=first.pk, author_id=None)
    assert [note.text for note in order.notes.all()] == ["Called again", "Called the buyer"]


def picture(kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, ("application/pdf", "pdf")),
        (picture("PNG"), ("image/png", "png")),
        (picture("JPEG"), ("image/jpeg", "jpg")),
        (picture("WEBP"), ("image/webp", "webp")),
        ("Žluťoučký\tkůň\r\n".encode(), ("text/plain", "txt")),
        (b"<script>alert(1)</script>", ("text/plain", "txt")),
    ],
)
def test_a_file_is_what_is_in_it(data: bytes, kind: tuple[str, str]) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize("data", [b"MZ\x90\x00\x03", b"PK\x03\x04\x14\x00", picture("GIF"), b"\xff\xfe\x00", b"a\x00b"])
def test_other_kinds_are_refused(data: bytes) -> None:
    with pytest.raises(ChangeRefused, match="Only PDF, PNG, JPEG, WebP and plain text"):
        kind_of(data)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\Lieferschein 7.PDF", "Lieferschein 7.pdf"),
        ("Účtenka č. 1.exe", "Účtenka č. 1.pdf"),
        ('a"b\r\nX: y<>.pdf', "a_b__X_ y__.pdf"),
        ("\u202efdp.exe", "_fdp.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("x" * 300, "x" * 100 + ".pdf"),
    ],
)
def test_names_are_plain(name: str, kept: str) -> None:
    assert plain_name(name, "pdf") == kept


def test_files_are_few_small_and_kept_once(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    made = attach(order.pk, "a.pdf", PDF, author_id=None)
    assert (made.name, made.content_type, made.size, bytes(made.data)) == ("a.pdf", "application/pdf", 10, PDF)
    for data, sentence in (
        (PDF, "attached already"),
        (b"", "The file is empty"),
        (b"x" * (attachments.LARGEST + 1), "larger than 5 MB"),
    ):
        with pytest.raises(ChangeRefused, match=sentence):
            attach(order.pk, "b.pdf", data, author_id=None)
    monkeypatch.setattr(attachments, "MOST", 1)
    with pytest.raises(ChangeRefused, match="at most 1 files"):
        attach(order.pk, "b.pdf", PDF + b"2", author_id=None)
    assert told(order) == ["File “a.pdf” attached."]


def test_a_removed_file_is_gone_and_told(order: Order) -> None:
    made = attach(order.pk, "a.pdf", PDF, author_id=None)
    other = order_of(order.project, line("A-17"))
    with pytest.raises(ChangeRefused, match="not there any more"):
        attachments.remove(other.pk, made.pk, actor_id=None)
    attachments.remove(order.pk, made.pk, actor_id=None)
    with pytest.raises(ChangeRefused, match="not there any more"):
        attachments.remove(order.pk, made.pk, actor_id=None)
    assert not order.attachments.exists()
    assert told(order) == ["File “a.pdf” attached.", "File “a.pdf” removed."]
