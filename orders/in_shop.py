"""What is known of an order's place in its shop, for lists and pages."""

from __future__ import annotations

from django.db.models import CharField, F, Value
from django.db.models.functions import Coalesce, NullIf


def newest_status() -> Coalesce:
    """The newest status known of an order in its shop; `remote_status` is the one it was last written from."""
    known = NullIf(F("remote_order__status"), Value(""))
    return Coalesce(known, F("remote_status"), output_field=CharField())
