"""Orders of the book and their shops, after the import: what has changed there, what is gone, what follows."""
