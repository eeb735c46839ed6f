"""What a segment means to the rest of the house before it is deleted."""

from __future__ import annotations

from integrations.models import Distribution
from orders.models import Segment
from orders.segments import definitions
from orders.segments.definitions import SegmentRefused


def delete(segment: Segment) -> None:
    """Delete a segment. Raises SegmentRefused while a distribution or an earning rule that is on uses it."""
    answering = Distribution.objects.filter(project_id=segment.project_id, segment_id=segment.pk, enabled=True).first()
    if answering is not None:
        sentence = f"The distribution “{answering}” writes to customers who enter it: switch that off first."
        raise SegmentRefused(sentence, "segment")
    definitions.delete(segment.pk)
