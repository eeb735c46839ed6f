"""Keep ours: somebody has looked at what the shop has changed, and the order stays as it is here."""

from __future__ import annotations

from integrations.following import newer
from integrations.models import Integration, RemoteOrder
from orders.choices import EventKind
from orders.models import Order
from orders.work.changing import NEWER, ChangeRefused, opened
from orders.work.refresh.fields import label, parts_of


def keep_ours(order: Order, seen: str, *, version: int, actor_id: int) -> None:
    """Write down that this version of the shop (the digest of its document) was looked at.

    The parts that differ count as edited here from now on. Raises ChangeRefused, also when the shop has sent another
    version since.
    """
    with opened(order.pk, seen=version, actor_id=actor_id) as change:
        if change.order.shop_changed_at is None or change.order.integration_id is None:
            raise ChangeRefused("The order is not marked as changed in the shop any more: there is nothing to look at.")
        remote = RemoteOrder.objects.select_for_update().get(order=change.order)
        if bytes(remote.digest).hex() != seen:
            raise ChangeRefused(NEWER)
        integration = Integration.objects.get(pk=change.order.integration_id)
        found = newer.differs_now(integration, change.order)
        change.keep("shop_changed_at", None)
        change.keep("remote_modified_at", remote.stamp or change.order.remote_modified_at)
        change.keep("remote_status", remote.status or change.order.remote_status)
        change.mark_edited(*parts_of(found))
        names = ", ".join(label(str(each["field"])) for each in found[:6]) or "nothing differs"
        change.note(EventKind.LOOKED_AT, f"Kept as it is here, though the shop says otherwise: {names}.")
        RemoteOrder.objects.filter(pk=remote.pk).update(taken="")
