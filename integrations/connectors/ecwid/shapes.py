"""The parts of an Ecwid order that are read (docs.ecwid.com, "Search orders"). Amounts are JSON numbers."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number, split_name


class RawPerson(AddressFields):
    """The name may be in one piece; the street may have several lines."""

    name: str | None = None
    first_name: str | None = field(name="firstName", default=None)
    last_name: str | None = field(name="lastName", default=None)
    company: str | None = field(name="companyName", default=None)
    line_1: str | None = field(name="street", default=None)
    state: str | None = field(name="stateOrProvinceName", default=None)
    state_code: str | None = field(name="stateOrProvinceCode", default=None)
    postal_code: str | int | None = field(name="postalCode", default=None)
    country: str | None = field(name="countryName", default=None)
    country_code: str | None = field(name="countryCode", default=None)

    def __post_init__(self) -> None:
        if not self.first_name and not self.last_name:
            self.first_name, self.last_name = split_name(self.name)
        self.line_1, _, rest = (self.line_1 or "").replace("\r\n", "\n").partition("\n")
        self.line_2 = rest.replace("\n", ", ")
        self.state = self.state or self.state_code
        self.country = self.country_code or self.country


class RawTax(Struct):
    name: Any = None
    # Percent.
    value: Any = None
    total: Number = None
    taxOnShipping: Number = None


class RawDiscount(Struct):
    total: Number = None


class RawOption(Struct):
    name: str | None = None
    value: Any = None


class RawItem(Struct):
    id: int | str | float
    quantity: Any
    productId: int | str | None = None
    combinationId: int | str | None = None
    name: str | None = None
    sku: str | int | None = None
    price: Number = None
    priceWithoutTax: Number = None
    tax: Number = None
    taxes: list[RawTax] | None = None
    couponAmount: Number = None
    discounts: list[RawDiscount] | None = None
    selectedOptions: list[RawOption] | None = None
    digital: bool | None = None
    isShippingRequired: bool | None = None
    giftCard: bool | None = None
    taxAlreadyDeductedFromPrice: bool | None = None


class RawShippingOption(Struct):
    shippingMethodId: str | int | None = None
    shippingMethodName: str | None = None
    shippingRate: Number = None
    # What is charged where a coupon lowers the rate; the coupon's discount holds the difference, too.
    discountedShippingRate: Number = None


class RawRedemption(Struct):
    """Points or store credit that paid a part."""

    amount: Number = None
    cancelled: bool | None = None


class RawRedeemed(Struct):
    redemption: RawRedemption | None = None


class RawFee(Struct):
    """A handling fee (`name`, `value`) or a custom surcharge (`description`, `total`)."""

    name: Any = None
    description: Any = None
    value: Number = None
    total: Number = None
    taxes: list[RawTax] | None = None


class RawCoupon(Struct):
    code: str | None = None


class RawExtra(Struct):
    id: str | int | None = None
    title: str | None = None
    value: Any = None


class RawOrder(Struct):
    id: Any = None
    internalId: Any = None
    paymentStatus: Any = None
    fulfillmentStatus: Any = None
    createTimestamp: Any = None
    updateTimestamp: Any = None
    createDate: str | None = None
    updateDate: str | None = None
    pricesIncludeTax: bool | None = None
    total: Number = None
    tax: Number = None
    couponDiscount: Number = None
    discount: Number = None
    giftCardRedemption: Number = None
    loyalty: RawRedeemed | None = None
    storeCredit: RawRedeemed | None = None
    refundedAmount: Number = None
    email: str | None = None
    customerId: int | str | None = None
    customerTaxId: str | None = None
    paymentMethod: str | None = None
    externalTransactionId: str | None = None
    externalOrderId: str | None = None
    trackingNumber: str | None = None
    orderComments: str | None = None
    privateAdminNotes: str | None = None
    discountCoupon: RawCoupon | None = None
    items: list[RawItem] | None = None
    billingPerson: RawPerson | list[Any] | str | None = None
    shippingPerson: RawPerson | list[Any] | str | None = None
    shippingOption: RawShippingOption | None = None
    taxesOnShipping: list[RawTax] | None = None
    handlingFee: RawFee | None = None
    customSurcharges: list[RawFee] | None = None
    orderExtraFields: list[RawExtra] | None = None
    extraFields: dict[str, Any] | list[Any] | None = None


class Document(Struct):
    """What one payload holds: the order, and the store's currency, which the order does not tell."""

    order: RawOrder
    currency: str | None = None


class Brief(Struct):
    """What names an order that cannot be read."""

    id: Any = None
    paymentStatus: Any = None
    fulfillmentStatus: Any = None
    updateTimestamp: Any = None
