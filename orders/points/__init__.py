"""Points: earned by rules, once for each entry into a segment and each live order; every point stands in a ledger.

`rules` makes and changes the rules, `earning` applies them, `ledger` is the only writer of points. What a cancelled
order earned is taken back by a row of its own, whatever the balance: it may fall below zero, and staff may adjust it.
An order that is reopened afterwards earns nothing again, and what it earned does not follow when its total changes.
"""
