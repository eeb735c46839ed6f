"""What people and shops do to an order that is in the book."""
