"""The parts of an eBay order that are read (Sell Fulfillment v1.20.7, type Order). Everything may be missing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from integrations.connectors.kit.order_reading import AddressFields
from integrations.connectors.kit.values import Number


class Amount(Struct):
    value: Number = None
    currency: str | None = None
    convertedFromValue: Number = None
    convertedFromCurrency: str | None = None


class ContactAddress(AddressFields):
    line_1: str | None = field(name="addressLine1", default=None)
    line_2: str | None = field(name="addressLine2", default=None)
    state: str | None = field(name="stateOrProvince", default=None)
    postal_code: str | int | None = field(name="postalCode", default=None)
    country: str | None = field(name="countryCode", default=None)


class Phone(Struct):
    phoneNumber: str | None = None


class Contact(Struct):
    fullName: str | None = None
    companyName: str | None = None
    contactAddress: ContactAddress | None = None
    primaryPhone: Phone | None = None
    email: str | None = None


class Country(Struct):
    countryCode: str | None = None


class ShippingStep(Struct):
    shipTo: Contact | None = None
    shippingCarrierCode: str | None = None
    shippingServiceCode: str | None = None
    shipToReferenceId: str | None = None


class PickupStep(Struct):
    merchantLocationKey: str | None = None


class Instruction(Struct):
    fulfillmentInstructionsType: str | None = None
    finalDestinationAddress: Country | None = None
    shippingStep: ShippingStep | None = None
    pickupStep: PickupStep | None = None


class Buyer(Struct):
    username: str | None = None
    buyerRegistrationAddress: Contact | None = None


class Pricing(Struct):
    priceDiscount: Amount | None = None
    deliveryCost: Amount | None = None
    deliveryDiscount: Amount | None = None
    tax: Amount | None = None
    fee: Amount | None = None
    adjustment: Amount | None = None
    total: Amount | None = None


class Payment(Struct):
    paymentMethod: str | None = None
    paymentReferenceId: str | None = None
    paymentDate: str | None = None
    paymentStatus: str | None = None


class Refund(Struct):
    """Of the whole order. Those of its lines have no status, but a date once they were issued."""

    amount: Amount | None = None
    refundStatus: str | None = None
    refundDate: str | None = None
    refundId: str | None = None


class PaymentSummary(Struct):
    totalDueSeller: Amount | None = None
    payments: list[Payment] | None = None
    refunds: list[Refund] | None = None


class CancelRequest(Struct):
    cancelReason: str | None = None


class CancelStatus(Struct):
    cancelState: str | None = None
    cancelRequests: list[CancelRequest] | None = None


class Tax(Struct):
    amount: Amount | None = None


class Aspect(Struct):
    name: str | None = None
    value: str | None = None


class DeliveryCost(Struct):
    """Of one line. What the order charges for delivery is in its pricing; these may come on top."""

    handlingCost: Amount | None = None
    importCharges: Amount | None = None
    shippingIntermediationFee: Amount | None = None


class Line(Struct):
    lineItemId: Any = None
    quantity: Any = None
    title: str | None = None
    sku: str | int | None = None
    legacyItemId: str | int | None = None
    legacyVariationId: str | int | None = None
    lineItemCost: Amount | None = None
    discountedLineItemCost: Amount | None = None
    taxes: list[Tax] | None = None
    ebayCollectAndRemitTaxes: list[Tax] | None = None
    variationAspects: list[Aspect] | None = None
    refunds: list[Refund] | None = None
    deliveryCost: DeliveryCost | None = None


class Order(Struct):
    orderId: Any = None
    legacyOrderId: str | None = None
    creationDate: str | None = None
    lastModifiedDate: str | None = None
    orderFulfillmentStatus: str | None = None
    orderPaymentStatus: str | None = None
    sellerId: str | None = None
    salesRecordReference: str | int | None = None
    buyerCheckoutNotes: str | None = None
    buyer: Buyer | None = None
    pricingSummary: Pricing | None = None
    paymentSummary: PaymentSummary | None = None
    cancelStatus: CancelStatus | None = None
    fulfillmentStartInstructions: list[Instruction] | None = None
    lineItems: list[Line] | None = None
    totalMarketplaceFee: Amount | None = None


class Brief(Struct):
    """What names an order that cannot be read."""

    orderId: Any = None
    orderPaymentStatus: Any = None
    orderFulfillmentStatus: Any = None
    lastModifiedDate: Any = None
    cancelStatus: Any = None
