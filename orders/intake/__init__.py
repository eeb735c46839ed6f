"""New orders: from an incoming order and a plan to rows, stock and documents, a page at a time."""
