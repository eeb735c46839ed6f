"""What connectors share: decoding, clocks, identities, amounts, the loop over lines, paging, refusals, signatures.

A platform's modules hold what differs. In the order of an order's way:

- `refusals` and `answers` read an HTTP answer, `json_documents` cuts it into orders, byte for byte;
- `windows`, `paging` and `lookups` ask for spans of time, pages and single orders, `clocks` tells when the shop thinks
  it is;
- `identities` names an order without reading it, `order_reading` reads it (`money_reading` where every amount names its
  currency), with `values` and `stamps` for its parts;
- `remote_products` and `code_lists` read what else a shop lists;
- `signatures`, `hints` and `registrations` serve webhooks, `tokens` and `throttling` every request.
"""
