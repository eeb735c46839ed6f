"""Orders as partners send and read them."""
