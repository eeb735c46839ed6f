"""Requests to the webservice, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, Operation, Request, Response
from integrations.connectors.kit import json_answers, offset_paging
from integrations.connectors.kit.json_answers import decoded_object, objects
from integrations.connectors.kit.refusal_tables import Refusals

# PrestaShop has no maximum; look-ups ask for so many ids at once (249 were answered).
LARGEST_PAGE = MOST_IDS = 200
KEYS = "In the shop, under Advanced Parameters > Webservice,"
OTHER_DOMAIN = "PrestaShop answers only at the domain that is set under Shop Parameters > Traffic & SEO, with its port."
# Lists that are not called as their resource.
LISTS = {"order_slip": "order_slips"}
_LISTING = msgspec.json.Decoder(dict[str, list[msgspec.Raw]] | list[msgspec.Raw])
# Errors may be XML where JSON was asked for. Only the number is looked for, and no XML is read.
_CODE = re.compile(rb"<code>\s*(?:<!\[CDATA\[)?\s*([0-9]{1,4})\s*(?:\]\]>)?\s*</code>")


def code_of(response: Response) -> str:
    """The number of the first error: "26"; "" for none."""
    found = _CODE.search(response.body[:2000])
    if found:
        return found[1].decode()
    code = next(iter(objects(decoded_object(response).get("errors"))), {}).get("code")
    return str(code)[:4] if isinstance(code, int | str) else ""


_UNKNOWN_KEY = (
    Failure.CREDENTIALS,
    f"The shop does not know this key. {KEYS} copy it again, and see that it is enabled.",
)
_NO_KEY = (
    Failure.CREDENTIALS,
    "The key does not arrive at PrestaShop: the web server before it asks for a password of its own, or drops the"
    " Authorization header. Whoever runs the shop must let it pass to PHP.",
)
# The codes of classes/webservice/WebserviceRequest.php.
REFUSALS = Refusals(
    "The shop",
    code_of,
    {
        (401, ""): _NO_KEY,
        (401, "16"): _NO_KEY,
        (401, "17"): (Failure.CREDENTIALS, f"There is no key. {KEYS} make one and enter it."),
        (401, "18"): (Failure.CREDENTIALS, f"A key has 32 characters, this one has not. {KEYS} copy it again."),
        (401, "21"): (Failure.CREDENTIALS, f"The key may read nothing at all. {KEYS} edit it and tick View (GET)."),
        (401, None): _UNKNOWN_KEY,
        (403, "132"): (Failure.CREDENTIALS, f"The key is for another shop of several. {KEYS} tick this shop for it."),
        (403, None): (
            Failure.UNAVAILABLE,
            "A firewall in front of the shop turns us away (HTTP 403). Ask whoever runs the shop to let us through.",
        ),
        (404, None): (
            Failure.ADDRESS,
            "There is no PrestaShop webservice at this address. Enter the address of the shop's front page, with its"
            " folder if it lives in one; under Shop Parameters > Traffic & SEO friendly URLs must be on.",
        ),
    },
)
# Of a key that may not read this resource, or may not read it by GET.
NOT_THIS = {"25", "26"}


def refusal(response: Response, resource: str) -> ShopError:
    if code_of(response) in NOT_THIS:
        message = f"The key may not read {resource}. {KEYS} edit the key and tick View (GET) for it."
        return ShopError(Failure.CREDENTIALS, message, status=response.status)
    return REFUSALS.of(response)


def ask(shop: Shop, resource: str, params: Mapping[str, str]) -> Operation[Response]:
    """The answer of one list, or of what may be read where `resource` is "". ShopError for anything but a 200."""
    response = yield from exchange(shop, resource, params)
    if response.status != 200:
        raise refusal(response, resource)
    return response


def exchange(
    shop: Shop,
    resource: str,
    params: Mapping[str, str],
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Operation[Response]:
    """Any answer. The key is the user's name, the password stays empty.

    Any redirect is an error: it leads to the shop's pages.
    """
    address = f"{shop.base_url.removesuffix('/api')}/api/{resource}"
    key = BasicAuth(shop.credentials.get("key", "").strip(), "")
    params = {**params, "output_format": "JSON"}
    try:
        return (yield Request(method, address, tuple(params.items()), headers or {}, body, key))
    except ShopError as error:
        if error.status is None or not 300 <= error.status < 400:
            raise
        raise ShopError(Failure.ADDRESS, f"{error} {OTHER_DOMAIN}", status=error.status) from None


def entries(response: Response, resource: str) -> tuple[bytes, ...]:
    """The JSON documents of a list, byte for byte; an empty one is `[]`. ShopError NONSENSE for anything else."""
    otherwise = "The shop's answer is not the list that PrestaShop documents."
    found = json_answers.shaped(response, _LISTING, otherwise)
    listed = found.get(LISTS.get(resource, resource)) if isinstance(found, dict) else found
    if listed is None or (listed is found and found):
        raise ShopError(Failure.NONSENSE, otherwise, status=response.status)
    return tuple(bytes(each) for each in listed)


def page_size(shop: Shop) -> int:
    return offset_paging.page_size(shop, LARGEST_PAGE)


def any_of(values: Iterable[str]) -> str:
    """The filter for one of these."""
    return f"[{'|'.join(values)}]"
