"""Orders are picked, packed and shipped in one round: a preparation of up to a hundred of them."""
