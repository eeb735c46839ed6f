"""Files that partners ask for: each kind of row is described once, and chosen, sorted and read by that description."""
