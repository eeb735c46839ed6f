"""The GraphQL documents that change something, and what is asked before, for Admin API 2026-07."""

from __future__ import annotations

# As much as one question may cost; an order with more lines at one location is told by hand.
FULFILLING = """query Fulfilling($id: ID!) {
  order(id: $id) { id cancelledAt displayFulfillmentStatus
    fulfillmentOrders(first: 20) { nodes { id status assignedLocation { location { id } }
      lineItems(first: 100) { nodes { id remainingQuantity lineItem { id } } } } }
    fulfillments(first: 20) { id status trackingInfo(first: 10) { number company }
      fulfillmentLineItems(first: 100) { nodes { quantity lineItem { id } } } } }
}"""
FULFIL = """mutation Fulfil($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}"""
TRACKING = """mutation Tracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id } userErrors { field message } }
}"""

# `location` without an id is the shop's primary one.
LOCATION = "query Location { location { id name isActive } }"
_LEVEL = """id sku tracked
  inventoryLevel(locationId: $locationId) { quantities(names: ["available"]) { name quantity } }"""
ITEMS_BY_SKU = f"""query ItemsBySku($query: String!, $locationId: ID!, $after: String) {{
  inventoryItems(first: 100, query: $query, after: $after) {{
    pageInfo {{ hasNextPage endCursor }} nodes {{ {_LEVEL} }} }}
}}"""
ITEMS = f"""query Items($ids: [ID!]!, $locationId: ID!) {{
  nodes(ids: $ids) {{ ... on InventoryItem {{ {_LEVEL} }} }}
}}"""
SET_QUANTITIES = """mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { createdAt } userErrors { code field message } }
}"""

STATE = """query State($id: ID!) {
  order(id: $id) { id cancelledAt displayFinancialStatus customAttributes { key value } }
}"""
MARK_AS_PAID = """mutation MarkAsPaid($input: OrderMarkAsPaidInput!) {
  orderMarkAsPaid(input: $input) { order { id displayFinancialStatus } userErrors { field message } }
}"""
UPDATE = """mutation Update($input: OrderInput!) {
  orderUpdate(input: $input) { order { id } userErrors { field message } }
}"""

# A search may lag behind; the newest are looked through as well.
CREATED = """query Created($query: String!) {
  found: orders(first: 10, query: $query, sortKey: ID) { nodes { id sourceIdentifier } }
  newest: orders(first: 50, sortKey: ID, reverse: true) { nodes { id sourceIdentifier } }
}"""
VARIANTS_BY_SKU = """query VariantsBySku($query: String!) {
  productVariants(first: 250, query: $query, sortKey: ID) { nodes { id sku } }
}"""
CREATE = """mutation Create($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order { id name totalPriceSet { presentmentMoney { amount currencyCode } } }
    userErrors { code field message } }
}"""
