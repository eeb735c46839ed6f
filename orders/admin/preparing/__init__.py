"""Pages of preparations: the list, the table of a preparation, its pick list, and packing by scan."""
