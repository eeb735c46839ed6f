"""Warehouses and marketplaces that exchange files with us: what the files look like, and what becomes of their rows."""
