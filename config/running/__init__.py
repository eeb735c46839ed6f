"""What runs a site: embedded servers, the processes beside them, and what they need to know of each other."""
