"""Where is my order? One answer, out of a closed list, for whatever somebody types: also for orders never taken in.

`everywhere` looks through the records, `whereabouts` says where one order is, `asking_shops` asks about an order that
nobody here has seen, and `timeline` tells what has happened to it.
"""
