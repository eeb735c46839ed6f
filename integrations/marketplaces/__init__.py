"""Marketplaces whose orders are made in another shop, and come into the book from there, once."""
