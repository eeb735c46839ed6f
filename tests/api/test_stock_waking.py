"""What a partner books wakes the orders that failed for it, as what staff book does."""

from __future__ import annotations

import pytest

from config.kit.public_ids import PublicIds
from integrations.choices import RemoteState, RunKind
from integrations.models import RemoteOrder, Run
from tests.admin.conftest import remote
from tests.api.conftest import Partner
from tests.factories import IntegrationFactory, give_stock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("units", "is_tried"), [(5, True), (-1, False)])
def test_a_booking_wakes_orders_that_were_short(partner: Partner, units: int, is_tried: bool) -> None:
    ids = give_stock(partner.project, MUG=2)
    shop = IntegrationFactory.create(project=partner.project)
    short = remote(shop, "1", RemoteState.FAILED, reason_code="insufficient_stock", subject="MUG")
    other = remote(shop, "2", RemoteState.FAILED, reason_code="insufficient_stock", subject="CUP")
    product = PublicIds(bytes(partner.project.id_key)).give("prod", ids["MUG"])
    reason = "receipt" if units > 0 else "adjustment"
    booked = partner.post(
        "/back-office/v1/movements", {"product_id": product, "reason": reason, "quantity": units, "note": ""}
    )
    assert booked.status_code == 201, booked.content
    assert (RemoteOrder.objects.get(pk=short.pk).next_attempt_at is not None) == is_tried
    assert RemoteOrder.objects.get(pk=other.pk).next_attempt_at is None
    assert Run.objects.filter(kind=RunKind.RETRY).count() == is_tried
