"""One connected shop: its connection, settings and lists, and how it may be asked."""
