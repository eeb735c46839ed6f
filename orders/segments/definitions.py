"""Segments made, changed, deleted; members chosen by hand. Every service here is one transaction.

Names are unique in a project whatever their case. An automatic segment with new conditions is filled again; those that
the change brings in were customers before and have not entered (see `segments.filling`). People added to a static
segment by hand have entered, but for those it is made with.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from config.kit import true_time
from config.kit.refusals import Refused
from config.kit.sql import execute
from orders import bell
from orders.choices import Junction, SegmentKind
from orders.models import Customer, EarningRule, Segment, SegmentMember
from orders.models.orders import EMAIL_KEY
from orders.segments import filling, placing
from orders.segments.conditions import Condition, checked, plain
from orders.segments.matching import JOINED, match

# Automatic ones of a project; each costs two statements for every batch of customers that is placed.
MOST_SEGMENTS = 100
# Of a static segment, as at Voucherify.
MOST_MEMBERS = 20_000
LONGEST_NAME = 100


class SegmentRefused(Refused):
    """The segment cannot be made or changed like this; `field` says where. The message is for people."""

    holder: int | None = None
    """The segment that has the name."""


@dataclass(frozen=True)
class SegmentWish:
    """A segment as it shall be. `conditions` are for automatic ones."""

    name: str
    kind: SegmentKind
    junction: Junction = Junction.ALL
    conditions: Sequence[Condition] = ()
    silent: bool = False
    """Of an automatic one: nobody is to be told of it; see `models.Segment`."""


def create(project_id: int, wish: SegmentWish, members: Collection[int] = ()) -> Segment:
    """Make a segment; a static one with these customers. Raises SegmentRefused and BadCondition, nothing written."""
    at = true_time.now()
    conditions = checked(wish.conditions) if wish.kind == SegmentKind.AUTOMATIC else []
    segment = Segment(
        project_id=project_id, name=_name(wish.name), kind=wish.kind, junction=wish.junction,
        conditions=plain(conditions), silent=wish.silent, created_at=at, updated_at=at,
    )  # fmt: skip
    with transaction.atomic():
        # One at a time, so that no two together pass the limit; and no placing is under way that does not know of it.
        placing.lock_list(project_id)
        if wish.kind == SegmentKind.AUTOMATIC:
            filling.begin(segment)
            ours = Segment.objects.filter(project_id=project_id, deleted_at=None, kind=SegmentKind.AUTOMATIC)
            if ours.count() >= MOST_SEGMENTS:
                sentence = f"A project has at most {MOST_SEGMENTS} automatic segments: delete one first."
                raise SegmentRefused(sentence, "kind")
        _save(segment)
        if members:
            _add(segment, members, at, entered=False)
    return segment


def change(segment_id: int, wish: SegmentWish) -> Segment:
    """Another name, other conditions. Raises SegmentRefused and BadCondition, nothing written.

    The kind stays. With other conditions the segment is filled again.
    """
    with transaction.atomic():
        segment = _locked(segment_id)
        automatic = segment.kind == SegmentKind.AUTOMATIC
        conditions = plain(checked(wish.conditions)) if automatic else []
        segment.name = _name(wish.name)
        segment.updated_at = true_time.now()
        if automatic and (conditions, wish.junction) != (segment.conditions, segment.junction):
            segment.conditions, segment.junction = conditions, wish.junction
            filling.begin(segment)
        _save(segment)
    return segment


def delete(segment_id: int) -> None:
    """Take nobody in any more and show the segment nowhere. Raises SegmentRefused while an earning rule uses it."""
    with transaction.atomic():
        segment = _locked(segment_id)
        rule = EarningRule.objects.filter(segment=segment, enabled=True).first()
        if rule is not None:
            sentence = f"The earning rule “{rule}” gives points for entering it: switch that rule off first."
            raise SegmentRefused(sentence, "segment")
        segment.deleted_at = true_time.now()
        segment.fill_until = None
        segment.save(update_fields=["deleted_at", "fill_until"])


def add(segment_id: int, customers: Collection[int]) -> int:
    """Add customers of the project to a static segment; how many were not members. Raises SegmentRefused."""
    with transaction.atomic():
        segment = _locked(segment_id)
        _by_hand(segment)
        return _add(segment, customers, true_time.now(), entered=True)


def remove(segment_id: int, customers: Collection[int]) -> int:
    """Take customers out of a static segment; how many were members. Raises SegmentRefused."""
    at = true_time.now()
    with transaction.atomic():
        segment = _locked(segment_id)
        _by_hand(segment)
        rows = execute(
            "UPDATE orders_segmentmember SET left_at = greatest(%s, since)"
            " WHERE segment_id = %s AND left_at IS NULL AND customer_id = ANY(%s) RETURNING 1",
            [at, segment.pk, list(customers)],
        )
        return len(rows)


def preview(project_id: int, zone: ZoneInfo, wish: SegmentWish, most: int = 100_000) -> int:
    """How many customers an automatic segment would hold now, counted no further than `most`; nothing is written.

    `zone` is the project's. Raises BadCondition. Summaries of customers that are due are taken as they are.
    """
    found = match(checked(wish.conditions), wish.junction, zone, true_time.now())
    rows = execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {JOINED} WHERE customer.project_id = %s AND {found.sql}"  # noqa: S608
        " LIMIT %s) AS counted",
        [project_id, *found.params, most],
    )
    return int(rows[0][0])


def find_customers(project_id: int, emails: Collection[str]) -> tuple[list[int], list[str]]:
    """(customers with these e-mail addresses, the addresses nobody here has)."""
    wanted = {email.strip().lower() for email in emails if email.strip()}
    theirs = Customer.objects.filter(project_id=project_id).annotate(lowered=EMAIL_KEY)
    found = theirs.filter(lowered__in=wanted).values_list("pk", "lowered")
    return sorted(pk for pk, _ in found), sorted(wanted - {email for _, email in found})


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or "\x00" in name:
        raise SegmentRefused(f"A segment needs a name of 1 to {LONGEST_NAME} characters.", "name")
    return name


def _locked(segment_id: int) -> Segment:
    """Raises Segment.DoesNotExist. Placings wait until the transaction ends."""
    return Segment.objects.select_for_update(no_key=True, of=("self",)).get(pk=segment_id, deleted_at=None)


def _save(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        if "segment_once_per_name" not in str(error):
            raise
        refusal = SegmentRefused(f"There is a segment named “{segment.name}” already.", "name")
        refusal.holder = _holder(segment)
        raise refusal from error


def _holder(segment: Segment) -> int | None:
    theirs = Segment.objects.filter(project_id=segment.project_id, deleted_at=None).exclude(pk=segment.pk)
    return theirs.filter(name__iexact=segment.name).values_list("pk", flat=True).first()


def _by_hand(segment: Segment) -> None:
    if segment.kind != SegmentKind.STATIC:
        raise SegmentRefused("An automatic segment has the members its conditions give it: change those.", "kind")


def _add(segment: Segment, customers: Collection[int], at: datetime, *, entered: bool) -> int:
    rows = execute(
        "INSERT INTO orders_segmentmember (segment_id, customer_id, since)"
        " SELECT %s, id, %s FROM orders_customer"
        " WHERE project_id = %s AND id = ANY(%s) AND deleted_at IS NULL ORDER BY id"
        " ON CONFLICT (segment_id, customer_id) WHERE left_at IS NULL DO NOTHING RETURNING id, customer_id",
        [segment.pk, at, segment.project_id, list(customers)],
    )
    count = SegmentMember.objects.filter(segment=segment, left_at=None).count()
    if count > MOST_MEMBERS:
        sentence = f"A segment by hand holds at most {MOST_MEMBERS:,} customers; this would be {count:,}."
        raise SegmentRefused(sentence, "members")
    if entered and rows:
        members, ids = zip(*rows, strict=True)
        execute(
            "INSERT INTO orders_segmententry (project_id, member_id, segment_id, customer_id, at)"
            " SELECT %s, member, %s, customer, %s FROM unnest(%s::bigint[], %s::bigint[]) AS new (member, customer)",
            [segment.project_id, segment.pk, at, list(members), list(ids)],
        )
        bell.something_follows(segment.project_id)
    return len(rows)
