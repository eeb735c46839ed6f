"""What connectors share: decoding, clocks, identities, amounts, the loop over lines, paging, refusals, signatures.

A platform's modules hold what differs. In the order of an order's way:

- `refusal_tables` and `json_answers` read an HTTP answer, `json_documents` cuts it into orders, byte for byte;
- `windows`, `offset_paging` and `lookups` ask for spans of time, pages and single orders, `clocks` tells when the shop
  thinks it is;
- `id_windows` reads a window by rising ids; it and `broken_orders` find orders that make their shop fail, `mending`
  leaves out what nobody can read;
- `identities` names an order without reading it, `order_reading` reads it (`money_reading` where every amount names its
  currency), with `values` and `stamps` for its parts, and `local_times` where stamps are those of the shop's own clock;
- `remote_lists` reads what else a shop lists;
- `stock_answers` and `order_copies` serve what goes out to a shop: quantities, and orders that are made there;
  `references` are our numbers there, by which things of ours are found again;
- `signatures` and `webhook_registrations` serve webhooks, `tokens` and `throttling` every request.
"""
