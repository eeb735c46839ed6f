"""Customers: found or made, written as partners send them, published, deleted."""
