"""What connectors share: decoding, clocks, identities, amounts, the loop over lines, paging, refusals, signatures.

A platform's modules hold what differs. In the order of an order's way:

- `refusals` and `answers` read an HTTP answer, `json_documents` cuts it into orders, byte for byte;
- `paging` and `lookups` ask for pages and for single orders, `clocks` tells when the shop thinks it is;
- `identities` names an order without reading it, `order_reading` reads it, with `values` and `stamps` for its parts;
- `remote_products` and `code_lists` read what else a shop lists;
- `signatures`, `hints` and `registrations` serve webhooks, `tokens` and `throttling` every request.
"""
