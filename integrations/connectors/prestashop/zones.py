"""The shop's time zone. Its orders bear the time of its own clock, and it is asked for them by that time: with another
zone set here, a load would look for orders hours off and never find some, so it says so instead."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.kit.json_answers import decoded, label, objects, part
from integrations.connectors.prestashop.requests import ask, entries

SETTINGS = {"display": "[name,value]", "filter[name]": "[PS_SHOP_NAME|PS_TIMEZONE]"}
HALF_A_YEAR = timedelta(days=182)


def told(shop: Shop) -> Operation[dict[str, list[str]]]:
    """The values of the settings that say something; of several shops, each may have its own.

    Nothing where the shop does not tell: the key may not read them, or they fail.
    """
    found: dict[str, list[str]] = {}
    try:
        response = yield from ask(shop, "configurations", SETTINGS)
        entries(response, "configurations")
    except ShopError as error:
        if isinstance(error, NotNow) or error.kind == Failure.BUSY:
            raise
        return found
    for entry in objects(part(decoded(response)).get("configurations")):
        if label(entry.get("value")):
            found.setdefault(label(entry.get("name")), []).append(label(entry.get("value")))
    return found


def compare(shop: Shop, settings: dict[str, list[str]], moment: datetime) -> None:
    """Raises ShopError where none of the shop's zones shows the time of ours, now and half a year ago."""
    names = settings.get("PS_TIMEZONE", [])
    if names and not any(_is_same(name, shop.zone, moment) for name in names):
        message = (
            f"The shop's own time zone is {names[0]}, here {shop.zone.key} is set: its orders would be looked for hours"
            f" off. Set {names[0]} in the settings of this integration."
        )
        raise ShopError(Failure.ADDRESS, message)


def _is_same(name: str, ours: ZoneInfo, moment: datetime) -> bool:
    try:
        theirs = ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # one that only the shop knows, or no zone at all
        return True
    return all(
        at.astimezone(theirs).utcoffset() == at.astimezone(ours).utcoffset() for at in (moment, moment - HALF_A_YEAR)
    )
