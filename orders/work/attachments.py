"""Files kept with an order: few, small, of known kinds, handed out as downloads only."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from django.db import transaction

from config.kit import true_time
from orders.choices import EventKind
from orders.models import Attachment, Order, OrderEvent
from orders.work.changing import ChangeRefused

LARGEST = 5 * 1024 * 1024
MOST = 20
LONGEST_NAME = 100
MAGIC = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)
TEXT = ("text/plain", "txt")


def attach(order_id: int, name: str, data: bytes, *, author_id: int | None) -> Attachment:
    """Keep a file with an order; the same file once. Raises ChangeRefused with a sentence."""
    if not data:
        raise ChangeRefused("The file is empty: choose another one.")
    if len(data) > LARGEST:
        raise ChangeRefused("The file is larger than 5 MB: choose a smaller one.")
    content_type, ending = kind_of(data)
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).only("pk").get(pk=order_id)
        kept = Attachment.objects.filter(order_id=order_id)
        if kept.filter(digest=digest).exists():
            raise ChangeRefused("This file is attached already.")
        if kept.count() >= MOST:
            raise ChangeRefused(f"An order has at most {MOST} files: remove one first.")
        made = Attachment.objects.create(
            order_id=order_id,
            name=plain_name(name, ending),
            content_type=content_type,
            size=len(data),
            digest=digest,
            data=data,
            author_id=author_id,
            at=true_time.now(),
        )
        _tell(made, author_id, "attached")
    return made


def remove(order_id: int, attachment_id: int, *, actor_id: int | None) -> None:
    """Remove a file for good; the history tells that it was there. Raises ChangeRefused when it is gone already."""
    with transaction.atomic():
        found = Attachment.objects.filter(pk=attachment_id, order_id=order_id).defer("data").first()
        if found is None or not Attachment.objects.filter(pk=found.pk).delete()[0]:
            raise ChangeRefused("This file is not there any more.")
        _tell(found, actor_id, "removed")


def kind_of(data: bytes) -> tuple[str, str]:
    """Content type and ending, by what is in the file, whatever it is called."""
    for beginning, content_type, ending in MAGIC:
        if data.startswith(beginning):
            return content_type, ending
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", "webp"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n\f" for char in text):
        raise ChangeRefused("Only PDF, PNG, JPEG, WebP and plain text can be attached: save the file as one of those.")
    return TEXT


def plain_name(name: str, ending: str) -> str:
    """The file's name without folders, odd characters or a wrong ending."""
    stem = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1].rsplit(".", 1)[0]
    kept = "".join(char if char.isalnum() or char in " -_.()" else "_" for char in stem).strip(" .")
    return f"{kept[:LONGEST_NAME] or 'file'}.{ending}"


def _tell(attachment: Attachment, actor_id: int | None, what: str) -> None:
    OrderEvent.objects.create(
        order_id=attachment.order_id,
        kind=EventKind.NOTED,
        message=f"File “{attachment.name}” {what}.",
        actor_id=actor_id,
        at=true_time.now(),
    )
