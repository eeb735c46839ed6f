"""The letterhead of a project: versions, the newest in force, and the check of its logo."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from django.db import transaction
from PIL import Image, UnidentifiedImageError

from config.kit import true_time
from config.kit.refusals import Refused
from orders.models import Letterhead
from stock import ledger

# Bytes of the file that is sent in.
LARGEST_LOGO = 1024 * 1024
MOST_PIXELS = 16_000_000
TOO_MANY_PIXELS = "The picture has more than 16 million pixels. Save it smaller, then choose it again."
# Pixels of the longer side as kept: about 300 a printed inch at the largest size a document shows.
LOGO_SIDE = 900


class LogoRefused(Refused):
    """The file cannot be a logo; the message says what to do."""


class LetterheadChanged(Refused):
    """Somebody has saved another version since the page was opened; nothing was written."""


@dataclass(frozen=True)
class LetterheadWording:
    """What people type for a letterhead."""

    company: str
    address: str = ""
    tax_ids: str = ""
    bank_account: str = ""
    footer: str = ""
    slip_keys: str = ""


def newest(project_id: int) -> Letterhead | None:
    return Letterhead.objects.filter(project_id=project_id).order_by("-id").first()


def in_force(project_id: int) -> Letterhead:
    """The newest version; where nobody has written one yet, one with the account's name is kept from now on.

    In the caller's transaction, which holds the lock of the project's stock.
    """
    found = newest(project_id)
    if found is None:
        found = Letterhead(project_id=project_id, created_at=true_time.now())
        found.company = found.project.account.name
        found.save(force_insert=True)
    return found


def change(
    project_id: int, wording: LetterheadWording, *, logo: bytes | None, seen: int | None, actor_id: int | None
) -> Letterhead | None:
    """Put a new version in force; None when nothing is different. Documents already issued keep theirs.

    Raises ChangedMeanwhile when `seen` is not the newest version's id any more (None: there was none).
    """
    with transaction.atomic():
        ledger.lock_project(project_id)
        old = newest(project_id)
        if (old.pk if old else None) != seen:
            raise LetterheadChanged(
                "Somebody has changed the letterhead since you opened the page. Look at it, then change it again."
            )
        new = Letterhead(
            project_id=project_id,
            company=wording.company,
            address=wording.address,
            tax_ids=wording.tax_ids,
            bank_account=wording.bank_account,
            footer=wording.footer,
            slip_keys=wording.slip_keys,
            logo=logo,
            author_id=actor_id,
            created_at=true_time.now(),
        )
        if old is not None and _content(old) == _content(new):
            return None
        new.save(force_insert=True)
        return new


def _content(letterhead: Letterhead) -> tuple[object, ...]:
    logo = bytes(letterhead.logo) if letterhead.logo else b""
    texts = (letterhead.company, letterhead.address, letterhead.tax_ids, letterhead.bank_account, letterhead.footer)
    return (*texts, letterhead.slip_keys, logo)


def checked_logo(data: bytes) -> bytes:
    """The picture as a PNG of sane size without anything else in it. Raises LogoRefused.

    What it is follows from its content, not its name; its size is read before its pixels are.
    """
    if len(data) > LARGEST_LOGO:
        raise LogoRefused("The file is larger than 1 MB. Save the logo smaller, then choose it again.")
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LogoRefused(TOO_MANY_PIXELS)
            picture.thumbnail((LOGO_SIDE, LOGO_SIDE))
            plain = Image.new("RGB", picture.size, "white")  # paper is white, and printers know no transparency
            coloured = (picture.convert("RGB") if picture.mode == "CMYK" else picture).convert("RGBA")
            plain.paste(coloured, mask=coloured.getchannel("A"))
    except Image.DecompressionBombError as error:
        raise LogoRefused(TOO_MANY_PIXELS) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise LogoRefused("This is no PNG or JPEG picture, or it is damaged. Choose another file.") from error
    kept = BytesIO()
    plain.save(kept, "PNG", optimize=True)
    return kept.getvalue()
