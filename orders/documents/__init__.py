"""Invoices, credit notes and packing slips: issued, numbered, set on paper."""
