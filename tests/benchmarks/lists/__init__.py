"""Every list, filter, search, page and API call with a thousand orders and with a million; see `__main__`."""
