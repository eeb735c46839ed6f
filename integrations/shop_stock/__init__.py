"""A shop's quantities taken over as stock: read, compared, confirmed by a person, booked, and taken back."""
