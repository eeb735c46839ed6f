"""The GraphQL documents, for Admin API 2026-07 (each was validated against the published schema of that version).

Every order is asked for with the same fields, whichever way it is found, so that an unchanged order has the same bytes.
"""

from __future__ import annotations

VERSION = "2026-07"

_BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_TAXES = f"taxLines {{ title rate priceSet {_BAG} }}"
_ADDRESS = "{ firstName lastName company address1 address2 city zip province provinceCode country countryCodeV2 phone }"

_LINE = f"""id name sku quantity currentQuantity requiresShipping isGiftCard
    product {{ id }} variant {{ id legacyResourceId sku barcode }}
    originalUnitPriceSet {_BAG}
    discountAllocations {{ allocatedAmountSet {_BAG} }}
    {_TAXES}
    duties {{ price {_BAG} {_TAXES} }}
    customAttributes {{ key value }}"""

_LINES = f"pageInfo {{ hasNextPage endCursor }} nodes {{\n    {_LINE} }}"

_HEAD = f"""id legacyResourceId name confirmationNumber createdAt updatedAt cancelledAt cancelReason test edited
  email phone note tags sourceName sourceIdentifier poNumber
  displayFinancialStatus displayFulfillmentStatus returnStatus
  currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded
  discountCodes paymentGatewayNames
  customAttributes {{ key value }}
  customer {{ id defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
  billingAddress {_ADDRESS}
  shippingAddress {_ADDRESS}
  totalPriceSet {_BAG} currentTotalPriceSet {_BAG} totalTaxSet {_BAG} totalDiscountsSet {_BAG}
  totalRefundedSet {_BAG} totalTipReceivedSet {_BAG} currentTotalTaxSet {_BAG} currentTotalDiscountsSet {_BAG}
  additionalFees {{ name price {_BAG} {_TAXES} }}"""

_PAID = "transactions(first: 20) { kind status gateway formattedGateway createdAt processedAt }"
_WAY = f"title code isRemoved discountedPriceSet {_BAG} {_TAXES}"

_FIELDS = f"""fragment OrderFields on Order {{
  {_HEAD}
  shippingLines(first: 10) {{ nodes {{ {_WAY} }} }}
  lineItems(first: 50) {{ {_LINES} }}
  refunds(first: 10) {{ totalRefundedSet {_BAG}
    refundLineItems(first: 50) {{ nodes {{ quantity restockType lineItem {{ id }} }} }} }}
  {_PAID}
}}"""

# By id and not by the stamp: nobody's place changes while others are read. Counted with each page.
ORDERS = f"""query Orders($first: Int!, $after: String, $query: String!) {{
  orders(first: $first, after: $after, query: $query, sortKey: ID) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ ...OrderFields }} }}
  ordersCount(query: $query, limit: 10000) {{ count precision }}
}}
{_FIELDS}"""

ORDER_IDS = """query OrderIds($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: ID) {
    pageInfo { hasNextPage endCursor } nodes { id } }
  ordersCount(query: $query, limit: 10000) { count precision }
}"""

ORDERS_BY_IDS = (
    f"query OrdersByIds($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Order {{ ...OrderFields }} }} }}\n{_FIELDS}"
)

ORDERS_BY_NAME = f"""query OrdersByName($query: String!) {{
  orders(first: 10, query: $query, sortKey: ID) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...OrderFields }} }}
}}
{_FIELDS}"""

MORE_LINES = f"""query MoreLines($id: ID!, $after: String!) {{
  order(id: $id) {{ lineItems(first: 50, after: $after) {{ {_LINES} }} }}
}}"""

BULK_COUNT = """query Count($query: String!) {
  ordersCount(query: $query, limit: 10000) { count precision }
  currentAppInstallation { accessScopes { handle } }
}"""
BULK_RUN = """mutation BulkRun($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id status } userErrors { field message }
  }
}"""
BULK_STATUS = """query BulkStatus($id: ID!) {
  bulkOperation(id: $id) { id status errorCode createdAt rootObjectCount url }
}"""
BULK_CURRENT = "query BulkCurrent { currentBulkOperation { id status query createdAt } }"
BULK_CANCEL = """mutation BulkCancel($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { field message } }
}"""


def bulk_orders(search: str) -> str:
    """All that `OrderFields` asks for, but for the lines of refunds: a connection inside a list is not allowed."""
    ways = f"shippingLines {{ edges {{ node {{ id {_WAY} }} }} }}"
    lines = f"lineItems {{ edges {{ node {{ {_LINE} }} }} }}"
    order = f"{_HEAD}\n  {_PAID}\n  refunds {{ totalRefundedSet {_BAG} }}\n  {ways}\n  {lines}"
    return f'{{ orders(query: "{search}", sortKey: ID) {{ edges {{ node {{\n  {order} }} }} }} }}'


CLOCK = "query Clock { shop { id } }"

CHECK = """query Check {
  shop { name myshopifyDomain currencyCode ianaTimezone }
  currentAppInstallation { accessScopes { handle } }
}"""
ONE_ORDER = "query OneOrder { orders(first: 1) { nodes { id } } }"

VARIANTS = """query Variants($first: Int!, $after: String) {
  productVariants(first: $first, after: $after, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes { legacyResourceId sku barcode title inventoryQuantity inventoryItem { tracked }
      product { title hasOnlyDefaultVariant } }
  }
}"""

WEBHOOKS = """query Webhooks($after: String) {
  webhookSubscriptions(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id topic uri } }
}"""
REGISTER = """mutation Register($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri, format: JSON}) {
    webhookSubscription { id topic uri } userErrors { field message }
  }
}"""
